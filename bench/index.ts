/**
 * What punctual costs beside bare `undici.request` and `JSON.parse`, in the same run. `--audit` runs only what is counted and not timed,
 * and exits with 1 where a limit is exceeded. The floor against itself stands beside every ratio: a ratio says no more than it allows.
 */
import { existsSync } from 'node:fs'
import type { Audit } from './audit.ts'
import type { Held } from './held.ts'
import type { ProcessorRun } from './processor.ts'
import { run, startServer } from './program.ts'
import { median } from './statistics.ts'

const LIMITS = { bytes: 30_000, promises: 18, liveTimers: 2 } as const
/** The young generation is so large that nothing is collected while bytes are counted. */
const COUNTING = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128']
const RUNS = 5
/** Runs whose control lies outside are not counted, and this many are begun at the most. */
const STEADY = { least: 0.93, most: 1.07, tries: 12 } as const
const STARTS = 20

const ratio = (value: number): string => `${value.toFixed(2)}×`
const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} KB`

async function audit(): Promise<boolean> {
  const [floor, punctual, again] = (await run<Audit[]>('audit.ts', { flags: COUNTING })) as [Audit, Audit, Audit]
  console.log(
    `\nper call (limits ${kilobytes(LIMITS.bytes)}, ${LIMITS.promises} promises, ${LIMITS.liveTimers} timers)`,
  )
  for (const { name, bytes, promises, liveTimers } of [floor, punctual, again]) {
    console.log(`  ${name.padEnd(9)} ${kilobytes(bytes)}, ${promises.toFixed(0)} promises, ${liveTimers} live timers`)
  }
  const { bytes, promises, liveTimers } = punctual
  const within =
    bytes <= LIMITS.bytes && Math.round(promises) <= LIMITS.promises && Math.round(liveTimers) <= LIMITS.liveTimers
  console.log(within ? '  within the limits' : '  OVER THE LIMITS')
  return within
}

async function processor(size: string, concurrency: number): Promise<void> {
  const steady: ProcessorRun[] = []
  const all: ProcessorRun[] = []
  while (steady.length < RUNS && all.length < STEADY.tries) {
    const one = await run<ProcessorRun>('processor.ts', { input: [size, concurrency] })
    all.push(one)
    if (one.control >= STEADY.least && one.control <= STEADY.most) steady.push(one)
  }
  const counted = steady.length > 0 ? steady : all
  const of = (pick: (one: ProcessorRun) => number): number => median(counted.map(pick))
  console.log(
    `\nCPU, ${size} answers, ${concurrency} at a time: ${ratio(of((one) => one.ratio))} of the floor's ` +
      `${of((one) => one.floor).toFixed(1)} µs (control ${ratio(of((one) => one.control))}; ` +
      `${steady.length} of ${all.length} runs were steady${steady.length < RUNS ? ': NO FIGURE TO RELY ON' : ''})`,
  )
}

async function held(): Promise<void> {
  const [floor, punctual, again] = (await run<Held[]>('held.ts', { flags: ['--expose-gc'] })) as [Held, Held, Held]
  const cpu = (floor.cpu + again.cpu) / 2
  console.log(
    `\n10,000 in flight: ${ratio(punctual.cpu / cpu)} of the floor's ${cpu.toFixed(0)} µs ` +
      `(control ${ratio(again.cpu / floor.cpu)}); ${kilobytes(punctual.bytes)} each, the floor ${kilobytes(floor.bytes)}`,
  )
}

async function coldStart(): Promise<void> {
  if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
    console.log('\nimport and first answer: not measured, there is no build (npm run build)')
    return
  }
  const server = await startServer()
  const times: Record<'floor' | 'punctual' | 'again', number[]> = { floor: [], punctual: [], again: [] }
  for (let start = 0; start < STARTS; start++) {
    for (const name of ['floor', 'punctual', 'again'] as const) {
      times[name].push(await run<number>('cold-start.ts', { input: [name, server.ports[0] as number] }))
    }
  }
  server.close()
  const [floor, punctual, again] = [median(times.floor), median(times.punctual), median(times.again)]
  console.log(
    `\nimport and first answer: ${punctual.toFixed(1)} ms, ${ratio(punctual / ((floor + again) / 2))} of bare undici's ` +
      `${floor.toFixed(1)} ms (control ${ratio(again / floor)})`,
  )
}

const within = await audit()
if (!process.argv.includes('--audit')) {
  await coldStart()
  await processor('small', 64)
  await held()
}
process.exitCode = within ? 0 : 1
