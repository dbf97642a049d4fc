/**
 * What reading server-sent events costs: `node bench/sse.ts`.
 *
 * Four readers in one process, in turns: a floor, the same floor again as the control (its ratio is the noise), ours,
 * and eventsource-parser behind a TextDecoder. The floor is a naive split with JSON.parse; where that would be
 * quadratic or wrong (one huge event, CRLF) it is eventsource-parser. Told is the median over the rounds of each
 * reader's time as a ratio to the floor's in that round. The second table leaves JSON.parse out, the third decodes one
 * event at a time.
 */
import { createParser } from 'eventsource-parser'
import { createSseParser } from '../src/answer/sse.ts'

type Use = (data: string) => number
type Reader = (chunks: readonly Uint8Array[], use: Use) => number

const LIMIT = 32 * 2 ** 20

const naive: Reader = (chunks, use) => {
  const decoder = new TextDecoder()
  let rest = ''
  let sum = 0
  for (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const parts = rest.split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.startsWith('data: ')) sum += use(part.slice(6))
  }
  return sum
}

const theirs: Reader = (chunks, use) => {
  const decoder = new TextDecoder()
  const queue: string[] = []
  const parser = createParser({ onEvent: (event) => void queue.push(event.data), maxBufferSize: LIMIT })
  let sum = 0
  for (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    for (const data of queue) sum += use(data)
    queue.length = 0
  }
  return sum
}

const ours =
  (windowBytes?: number): Reader =>
  (chunks, use) => {
    const parser = createSseParser({ maxEventBytes: LIMIT, windowBytes })
    let sum = 0
    for (const chunk of chunks) {
      parser.push(chunk)
      for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
        if (frame.kind === 'event') sum += use(frame.data)
      }
    }
    return sum
  }

const parsed: Use = (data) =>
  (JSON.parse(data) as { choices: { delta: { content: string } }[] }).choices[0]?.delta.content.length ?? 0
const unparsed: Use = (data) => data.length

const event = (content: string): string =>
  `data: {"id":"chatcmpl-9xQ2mT7fKp","object":"chat.completion.chunk","created":1763700000,"model":"gpt-5-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},"logprobs":null,"finish_reason":null}]}\n\n`

function cut(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text)
  const chunks: Uint8Array[] = []
  for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.subarray(i, i + size))
  return chunks
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const events = Array.from({ length: 5_000 }, (_, i) => event(` token${i % 97}${i % 50 === 0 ? ' é🌍' : ''}`))
const all = events.join('')
const CASES: readonly [name: string, chunks: readonly Uint8Array[], rounds: number, floor: Reader][] = [
  ['16 KB chunks', cut(all, 16_384), 41, naive],
  ['one chunk per event', events.map((text) => Buffer.from(text)), 41, naive],
  ['one byte per chunk', cut(events.slice(0, 500).join(''), 1), 31, naive],
  ['one 8 MB event in 16 KB chunks', cut(event('x'.repeat(8_000_000)), 16_384), 15, theirs],
  ['16 KB chunks, CRLF', cut(all.replaceAll('\n', '\r\n'), 16_384), 41, theirs],
]

function compare(title: string, own: Reader, use: Use): void {
  console.log(title)
  for (const [name, chunks, rounds, floor] of CASES) {
    const readers: readonly [string, Reader][] = [
      ['floor', floor],
      ['control', floor],
      ['ours', own],
      ['eventsource-parser', theirs],
    ]
    const times = readers.map((): number[] => [])
    const sum = own(chunks, use)
    for (let round = -5; round < rounds; round++) {
      for (let turn = 0; turn < readers.length; turn++) {
        const index = (turn + round + 8) % readers.length
        const reader = readers[index]
        if (reader === undefined) continue
        const from = performance.now()
        const read = reader[1](chunks, use)
        const spent = performance.now() - from
        if (read !== sum) throw new Error(`${name}: ${reader[0]} reads otherwise`)
        if (round >= 0) times[index]?.push(spent)
      }
    }
    const ratio = (index: number): string =>
      median((times[index] ?? []).map((time, round) => time / (times[0]?.[round] ?? Number.NaN))).toFixed(2)
    console.log(`  ${name}: ${readers.map(([label], index) => `${label} ${ratio(index)}`).join(' · ')}`)
  }
}

compare('with JSON.parse', ours(), parsed)
compare('without JSON.parse', ours(), unparsed)
compare('with JSON.parse, one event decoded at a time', ours(0), parsed)
