/**
 * What a call allocates: heap bytes, promises, timers. Counted, not timed, so that it says the same on a busy machine; this is the
 * part that a change is held to.
 */
import { createHook } from 'node:async_hooks'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdCalls, makeCalls, WARM_UP } from './calls.ts'
import type { Contender, OpenContender } from './contender.ts'
import { openFloor } from './floor.ts'
import { measured } from './program.ts'
import { openPunctual } from './punctual.ts'
import { median } from './statistics.ts'

export interface Audit {
  readonly name: string
  /** Per call. */
  readonly bytes: number
  readonly promises: number
  readonly liveTimers: number
}

const CONCURRENCY = 16
const READINGS = 15
/** So few that nothing has to be collected while they run: the program gets a young generation of that size. */
const CALLS = 1_000
const HELD = 200

let collections = 0
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] })

async function bytesPerCall(contender: Contender): Promise<number> {
  globalThis.gc?.()
  await sleep(5)
  const collected = collections
  const before = process.memoryUsage().heapUsed
  await makeCalls(contender, { count: CALLS, concurrency: CONCURRENCY })
  const after = process.memoryUsage().heapUsed
  await sleep(5)
  return collections === collected ? (after - before) / CALLS : Number.NaN
}

/** The contender's own async function and its awaits are counted with the call; they are the same for all. */
async function promisesPerCall(contender: Contender): Promise<number> {
  let promises = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++
    },
  })
  const few = 100
  // Twice: what begins and ends the counting is in both, and falls out of the difference.
  const counts: number[] = []
  for (const count of [few, few * 2]) {
    promises = 0
    hook.enable()
    await makeCalls(contender, { count, concurrency: 1 })
    hook.disable()
    counts.push(promises)
  }
  const [once = 0, twice = 0] = counts
  return (twice - once) / few
}

async function liveTimersPerCall(contender: Contender, port: number): Promise<number> {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const release = await holdCalls(contender, port, HELD)
  const during = timers()
  await release()
  return Math.round(((during - before) / HELD) * 10) / 10
}

await measured(async (ports): Promise<Audit[]> => {
  const openers: readonly OpenContender[] = [openFloor, openPunctual, openFloor]
  const contenders = openers.map((open, index) => open(ports[index] as number))
  for (const contender of contenders) await makeCalls(contender, { count: WARM_UP, concurrency: 64 })
  const readings = contenders.map((): number[] => [])
  for (let reading = 0; reading < READINGS; reading++) {
    for (const [index, contender] of contenders.entries()) readings[index]?.push(await bytesPerCall(contender))
  }
  const audits: Audit[] = []
  for (const [index, contender] of contenders.entries()) {
    audits.push({
      name: contender.name,
      bytes: median((readings[index] as number[]).filter((reading) => !Number.isNaN(reading))),
      promises: await promisesPerCall(contender),
      liveTimers: await liveTimersPerCall(contender, ports[index] as number),
    })
    await contender.close()
  }
  return audits
})
