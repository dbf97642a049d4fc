/** What a call costs in CPU time of the whole process, beside the floor in the same process. A run says only what its control allows. */
import { makeCalls, WARM_UP } from './calls.ts'
import type { Contender, OpenContender } from './contender.ts'
import { openFloor } from './floor.ts'
import { measured } from './program.ts'
import { openPunctual } from './punctual.ts'
import { median } from './statistics.ts'
import type { Size } from './workload.ts'

export interface ProcessorRun {
  /** Microseconds per call of the floor. */
  readonly floor: number
  /** punctual over the floor. */
  readonly ratio: number
  /** The floor over itself. */
  readonly control: number
}

const ROUNDS = 16
const BLOCK = 3_000

const [size = 'small', concurrency = '64'] = process.argv.slice(2)
const load = { size: size as Size, concurrency: Number(concurrency) }

async function microsecondsPerCall(contender: Contender): Promise<number> {
  const before = process.cpuUsage()
  await makeCalls(contender, { ...load, count: BLOCK })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / BLOCK
}

await measured(async (ports): Promise<ProcessorRun> => {
  const openers: readonly OpenContender[] = [openFloor, openPunctual, openFloor]
  const contenders = openers.map((open, index) => open(ports[index] as number))
  const [floor, punctual, again] = contenders as [Contender, Contender, Contender]
  // Interleaved from the first call, so that V8 sees every kind of caller before anything is measured.
  for (let warm = 0; warm < WARM_UP; warm += BLOCK) {
    for (const contender of contenders) await makeCalls(contender, { ...load, count: BLOCK })
  }
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [floor, punctual, again] : [again, punctual, floor]
    const costs = new Map<Contender, number>()
    for (const contender of order) costs.set(contender, await microsecondsPerCall(contender))
    const [one = 0, ours = 0, other = 0] = contenders.map((contender) => costs.get(contender))
    rounds.push({ floor: (one + other) / 2, ratio: ours / ((one + other) / 2), control: other / one })
  }
  await Promise.all(contenders.map((contender) => contender.close()))
  return {
    floor: median(rounds.map((round) => round.floor)),
    ratio: median(rounds.map((round) => round.ratio)),
    control: median(rounds.map((round) => round.control)),
  }
})
