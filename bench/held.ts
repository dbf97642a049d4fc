/** Ten thousand calls that wait for their answers at once: the heap that each keeps, and the CPU time that each costs from start to end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdCalls, makeCalls, WARM_UP } from './calls.ts'
import type { Contender, OpenContender } from './contender.ts'
import { openFloor } from './floor.ts'
import { measured } from './program.ts'
import { openPunctual } from './punctual.ts'
import { median } from './statistics.ts'

export interface Held {
  readonly name: string
  /** Of heap per call in flight, its connection included. */
  readonly bytes: number
  /** Microseconds per call on connections that are there already. */
  readonly cpu: number
}

const ROUNDS = 3
const count = Number(process.argv[2] ?? 10_000)

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function hold(contender: Contender, port: number): Promise<Held> {
  const before = heap()
  const release = await holdCalls(contender, port, count)
  const bytes = (heap() - before) / count
  await release()
  const cpu: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.cpuUsage()
    const releaseRound = await holdCalls(contender, port, count)
    await releaseRound()
    const { user, system } = process.cpuUsage(began)
    cpu.push((user + system) / count)
  }
  await contender.close()
  // The connections close, and nobody else pays for it.
  await sleep(500)
  globalThis.gc?.()
  return { name: contender.name, bytes, cpu: median(cpu) }
}

await measured(async (ports): Promise<Held[]> => {
  const openers: readonly OpenContender[] = [openFloor, openPunctual, openFloor]
  for (const [index, open] of openers.slice(0, 2).entries()) {
    const warm = open(ports[index] as number)
    await makeCalls(warm, { count: WARM_UP, concurrency: 64 })
    await warm.close()
  }
  const all: Held[] = []
  for (const [index, open] of openers.entries())
    all.push(await hold(open(ports[index] as number), ports[index] as number))
  return all
})
