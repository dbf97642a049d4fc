/**
 * What reading a stream costs beside bare `undici.request` with a naive split and `JSON.parse`, in the same process and by turns; the floor
 * against itself stands beside every ratio. Then what is counted: promises per event, heap that a stream holds, and heap over the
 * tokens of an hour. Run by `node --expose-gc bench/streams.ts`.
 */
import { createHook } from 'node:async_hooks'
import { fork } from 'node:child_process'
import { Agent, request } from 'undici'
import { createClient } from '../src/index.ts'
import { openai } from '../src/providers/openai.ts'
import { WARM_UP } from './calls.ts'
import { median } from './statistics.ts'

type Read = (path: string) => Promise<number>

const EVENTS = 5_000
const ROUNDS = 15
/** Each takes two seconds, whatever it costs. */
const PACED_ROUNDS = 9
const BLOCK = 2_000
const LANES = 64
const FEW = 10
const MESSAGES = [{ role: 'user', content: 'Hello' }] as const
const HOUR = 360_000

const child = fork(new URL('stream-server.ts', import.meta.url))
const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(message as number)))
const origin = `http://127.0.0.1:${port}`

const agent = new Agent()
const floor: Read = async (path) => {
  const { body } = await request(`${origin}/${path}/chat/completions`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
    body: JSON.stringify({ model: 'm', messages: MESSAGES, stream: true }),
  })
  const decoder = new TextDecoder()
  let rest = ''
  let text = ''
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.slice(6)
      if (data === '[DONE]') continue
      text += (JSON.parse(data) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? ''
    }
  }
  return text.length
}

const client = createClient({ proxy: false })
const open = (path: string) =>
  client.stream(
    { model: openai({ apiKey: 'k', baseURL: `${origin}/${path}` })('m'), messages: MESSAGES },
    { timeout: { total: 600_000, firstToken: 20_000, idle: 20_000 } },
  )
const punctual: Read = async (path) => {
  let text = ''
  for await (const event of open(path)) if (event.type === 'text') text += event.text
  return text.length
}

async function cpu(read: Read, path: string, at: number, events: number): Promise<number> {
  const before = process.cpuUsage()
  const lengths = await Promise.all(Array.from({ length: at }, () => read(path)))
  const { user, system } = process.cpuUsage(before)
  if (lengths.some((length) => length !== events * 3)) throw new Error(`text was lost: ${lengths.join()}`)
  return ((user + system) / (at * events)) * 1_000
}

async function compare(delivery: string, at: number, events: number, rounds: number): Promise<void> {
  const path = `${delivery}/${events}`
  const seen = { floor: [] as number[], ratio: [] as number[], control: [] as number[] }
  for (let round = -Math.ceil(rounds / 3); round < rounds; round++) {
    const one = await cpu(floor, path, at, events)
    const ours = await cpu(punctual, path, at, events)
    const other = await cpu(floor, path, at, events)
    if (round < 0) continue
    seen.floor.push((one + other) / 2)
    seen.ratio.push(ours / ((one + other) / 2))
    seen.control.push(other / one)
  }
  console.log(
    `${delivery.padEnd(7)} ${median(seen.ratio).toFixed(2)}× of the floor's ${median(seen.floor).toFixed(0)} µs per 1,000 tokens ` +
      `(control ${median(seen.control).toFixed(2)}×)`,
  )
}

async function promisesPerEvent(read: Read, path: string, events: number): Promise<number> {
  let promises = 0
  const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && promises++) }).enable()
  await read(path)
  hook.disable()
  return promises / events
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Streams that stand open in their middle. */
async function heldBytes(): Promise<number> {
  const count = 200
  const before = heap()
  const streams = Array.from({ length: count }, () => open('paced/1000'))
  const readers = streams.map((stream) => stream[Symbol.asyncIterator]())
  for (let event = 0; event < 5; event++) await Promise.all(readers.map((reader) => reader.next()))
  const bytes = (heap() - before) / count
  for (const stream of streams) stream.cancel()
  return bytes
}

/** Heap at each tenth of as many tokens as an hour has, and the length of the text by then. */
async function overAnHour(): Promise<void> {
  const points: string[] = []
  const before = heap()
  let count = 0
  let peak = 0
  let text = 0
  for await (const event of open(`bulk/${HOUR}`)) {
    if (event.type !== 'text') continue
    text += event.text.length
    if (++count % (HOUR / 6) !== 0) continue
    peak = heap() - before
    points.push(`${(peak / 1e6).toFixed(1)} MB`)
  }
  console.log(`an hour's ${HOUR} events: heap ${points.join(', ')} for ${(text / 1e6).toFixed(2)} MB of text`)
}

/** V8 settles by the number of streams as by that of events: so many short ones, by turns, before anything is measured. */
async function warmUp(): Promise<void> {
  for (let streams = 0; streams < WARM_UP; streams += BLOCK) {
    for (const read of [floor, punctual]) {
      let left = BLOCK
      const lane = async (): Promise<void> => {
        while (left-- > 0) await read(`bulk/${FEW}`)
      }
      await Promise.all(Array.from({ length: LANES }, lane))
    }
  }
}

const wanted = process.argv.slice(2)
await warmUp()
if (wanted.length > 0) {
  for (const delivery of wanted) {
    if (delivery === 'paced') await compare(delivery, 100, 200, PACED_ROUNDS)
    else await compare(delivery, 1, EVENTS, ROUNDS * 4)
  }
  await client.close({ grace: 0 })
  await agent.close()
  child.disconnect()
  process.exit()
}
await compare('bulk', 1, EVENTS, ROUNDS)
await compare('chunks', 1, EVENTS, ROUNDS)
await compare('writes', 1, EVENTS, ROUNDS)
await compare('paced', 100, 200, PACED_ROUNDS)
// What the provider repeats from event to event is not parsed again (see repeated-text.ts); here nothing is repeated.
await compare('varied', 1, EVENTS, ROUNDS)
for (const delivery of ['bulk', 'writes']) {
  const path = `${delivery}/${EVENTS}`
  const [ours, bare] = [await promisesPerEvent(punctual, path, EVENTS), await promisesPerEvent(floor, path, EVENTS)]
  console.log(`promises per event, ${delivery}: ${ours.toFixed(2)} (floor ${bare.toFixed(2)})`)
}
console.log(`held: ${((await heldBytes()) / 1_000).toFixed(1)} KB of heap per stream`)
await overAnHour()
await client.close({ grace: 0 })
await agent.close()
child.disconnect()
