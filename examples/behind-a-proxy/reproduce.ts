import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startNginx } from './nginx.ts'
import { type Answer, percentile, post, read } from './user.ts'

/** How long the proxy waits for a byte, in milliseconds. */
export const LIMIT = 1_500
/** Longer than the proxy waits. */
const SLOW = 'after=4000'
const CALLS = 500

const ENDPOINTS = ['naive', 'punctual'] as const
type Both<T> = Readonly<Record<(typeof ENDPOINTS)[number], T>>

/** What was seen on either endpoint. */
export interface Report {
  /** The model is slower than the proxy: the answer, and what goes on at the model when the user has it, and a while later. */
  readonly slow: Both<{
    readonly answer: Answer
    readonly busy: number
    readonly busyLater: number
    readonly requests: number
  }>
  /** The user leaves after 300 ms: what goes on at the model half a second later. */
  readonly left: Both<{ readonly busy: number }>
  /** A stream whose model is silent for longer than the proxy waits. */
  readonly silent: Both<{ readonly answer: Answer; readonly heartbeats: number; readonly complete: boolean }>
  /** A stream that flows: milliseconds between its first piece and its last, at the user. */
  readonly flowing: Both<{ readonly answer: Answer; readonly spread: number }>
  /** So many slow calls at once, and how the service's other endpoints fare meanwhile. */
  readonly crowd: {
    readonly calls: number
    readonly inFlight: number
    readonly statuses: Readonly<Record<number, number>>
    readonly healthP99: number
    readonly eventLoopP99: number
  }
}

/** Runs model, service and nginx, each a process of its own, and watches both endpoints from the user's side. */
export async function reproduce(): Promise<Report> {
  await using processes = new AsyncDisposableStack()
  const model = processes.adopt(await start('model.ts', {}), (child) => child.stop())
  const baseURL = `http://127.0.0.1:${model.port}/v1`
  const settings = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: baseURL, PROXY_LIMIT: String(LIMIT) }
  const service = processes.adopt(await start('service.ts', settings), (child) => child.stop())
  const proxy = processes.adopt(await startNginx(service.port, LIMIT), (nginx) => nginx.stop())
  const stats = (): Promise<{ requests: number; busy: number }> => read(model.port, '/stats')
  const quiet = async (): Promise<void> => {
    while ((await stats()).busy > 0) await wait(50)
  }
  const each = async <T>(watch: (endpoint: (typeof ENDPOINTS)[number]) => Promise<T>): Promise<Both<T>> => {
    const naive = await watch('naive')
    await quiet()
    const punctual = await watch('punctual')
    await quiet()
    return { naive, punctual }
  }

  const slow = await each(async (endpoint) => {
    const before = (await stats()).requests
    const answer = await post(proxy.port, `/${endpoint}/chat`, SLOW)
    await wait(100)
    const { busy } = await stats()
    await wait(2_000)
    const later = await stats()
    // Whoever tries into the void is waited for until it has given up.
    await quiet()
    await wait(200)
    await quiet()
    return { answer, busy, busyLater: later.busy, requests: (await stats()).requests - before }
  })
  const left = await each(async (endpoint) => {
    await post(proxy.port, `/${endpoint}/chat`, SLOW, 300)
    await wait(500)
    return { busy: (await stats()).busy }
  })
  const silent = await each(async (endpoint) => {
    const answer = await post(proxy.port, `/${endpoint}/stream`, SLOW)
    const heartbeats = answer.text.split(': ping\n').length - 1
    return { answer, heartbeats, complete: /\[DONE\]|"type":"finish"/.test(answer.text) }
  })
  const flowing = await each(async (endpoint) => {
    const answer = await post(proxy.port, `/${endpoint}/stream`, 'after=100')
    return { answer, spread: (answer.pieces.at(-1) ?? 0) - (answer.pieces[0] ?? 0) }
  })

  await read(service.port, '/event-loop')
  const calls: Promise<Answer>[] = []
  for (let count = 0; count < CALLS; count += 25) {
    for (let index = 0; index < 25; index++) calls.push(post(proxy.port, '/punctual/stream', SLOW))
    // All of them are under way long before the first has its answer; users, model, nginx and service share one small machine.
    await wait(100)
  }
  const health: number[] = []
  let inFlight = 0
  let over = false
  const answers = Promise.all(calls).finally(() => (over = true))
  while (!over) {
    health.push((await post(proxy.port, '/health', '')).milliseconds)
    inFlight = Math.max(inFlight, (await stats()).busy)
    await wait(10)
  }
  const statuses: Record<number, number> = {}
  for (const { status } of await answers) statuses[status] = (statuses[status] ?? 0) + 1
  const { p99 } = await read<{ p99: number }>(service.port, '/event-loop')
  const crowd = { calls: CALLS, inFlight, statuses, healthP99: percentile(health, 99), eventLoopP99: p99 }
  return { slow, left, silent, flowing, crowd }
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts a program of this folder that prints its port. */
async function start(
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const from = fileURLToPath(new URL('../../test/support/from-source.ts', import.meta.url))
  const program = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', from, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...environment },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface(child.stdout)
  const port = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(Number(line)))
    void ended.then(() => reject(new Error(`${file} did not start`)))
  })
  return {
    port,
    async stop() {
      child.kill()
      await ended
    },
  }
}
