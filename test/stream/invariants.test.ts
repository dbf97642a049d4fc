import fc from 'fast-check'
import { type CompletionStream, createClient, isCompletionError, openaiCompatible, type StreamEvent } from 'punctual'
import { expect, test } from 'vitest'
import { asked, KEY, observer } from '../support/call.ts'
import * as wire from '../support/chat-stream.ts'
import { testClock, turns } from '../support/test-clock.ts'

/** How a body ends: as it should, by a failure of the connection, or never. */
type End = 'close' | 'error' | 'silence'

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }).map(wire.word) },
  fc.constantFrom(wire.PING, wire.role(), wire.usage(), ': x\r\n', '\r\n', 'event: x\n', wire.delta({ refusal: 'no' })),
  fc.nat(2).map((index) => wire.toolDelta(index, { id: `t${index}`, name: 'go', arguments: '{"a":"é' })),
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      wire.finish(),
      wire.finish('length'),
      wire.DONE,
      wire.sse('[DONE'),
      wire.sse('{"broken'),
      wire.sse({ error: { message: 'over', type: 'server_error', code: 'overloaded' } }),
    ),
  },
)
const played = fc.record({
  pieces: fc.array(piece, { maxLength: 12 }),
  whole: fc.boolean(),
  cuts: fc.array(fc.nat(3_000), { maxLength: 12 }),
  end: fc.constantFrom<End>('close', 'error', 'silence'),
  slow: fc.boolean(),
})

function bodyOf(bytes: Uint8Array, cuts: readonly number[], end: End): ReadableStream<Uint8Array> {
  const edges = [...new Set([0, ...cuts.filter((at) => at < bytes.length), bytes.length])].toSorted((a, b) => a - b)
  let at = 1
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at < edges.length) controller.enqueue(bytes.slice(edges[at - 1], edges[at++]))
        else if (end === 'close') controller.close()
        else if (end === 'error') controller.error(new TypeError('terminated'))
        else return new Promise(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

const CONTENT: ReadonlySet<string> = new Set(['text', 'refusal', 'tool_call_delta'])

/** What a stream ended with: its completion, or its error and what that kept. */
async function endingOf(stream: CompletionStream) {
  try {
    const { text, toolCalls } = await stream.completion
    return { text, toolCalls: toolCalls.map((call) => call.arguments), error: undefined }
  } catch (error) {
    if (!isCompletionError(error)) throw error
    const { text = '', toolCalls = [] } = error.partial ?? {}
    return { text, toolCalls: toolCalls.map((call) => call.arguments), error }
  }
}

function argumentsOf(events: readonly StreamEvent[]): string[] {
  const joined: string[] = []
  for (const event of events) {
    if (event.type === 'tool_call_delta') joined[event.index] = (joined[event.index] ?? '') + event.arguments
  }
  return joined
}

test('whatever arrives, a stream settles once and its parts agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(played, { minLength: 1, maxLength: 2 }), async (attempts) => {
      const clock = testClock()
      const seen = observer()
      let index = 0
      const fetch = (): Promise<Response> => {
        const { pieces, whole, cuts, end } = attempts[
          Math.min(index++, attempts.length - 1)
        ] as (typeof attempts)[number]
        const text = whole ? `${pieces.join('')}${wire.finish()}${wire.usage()}${wire.DONE}` : pieces.join('')
        const body = bodyOf(new TextEncoder().encode(text), cuts, end)
        return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
      }
      const client = createClient({
        provider: openaiCompatible({ name: 'local', baseURL: 'http://localhost/v1', apiKey: KEY }),
        model: 'm',
        fetch: fetch as typeof globalThis.fetch,
        clock,
        random: () => 0,
        retry: 1,
        timeout: { firstToken: 2_000, idle: 1_000 },
        onEvent: seen.onEvent,
      })
      const stream = client.stream(asked)
      let over = false
      const slow = attempts[0]?.slow
      const taking = wire.take(stream, () => (slow ? turns(1) : undefined)).finally(() => (over = true))
      // Time passes until the stream is over: its limits see to that.
      for (let i = 0; i < 60 && !over; i++) await clock.advance(500)
      expect(over).toBe(true)
      const { events, text, error } = await taking

      const settled = seen.types().filter((type) => type === 'success' || type === 'failure')
      expect(settled).toHaveLength(1)
      expect(clock.pending).toBe(0)
      // What was said piece by piece, against what the stream ended with.
      const ending = await endingOf(stream)
      expect({ text, finishes: events.filter(({ type }) => type === 'finish').length, settled, error }).toEqual({
        text: ending.text,
        finishes: ending.error ? 0 : 1,
        settled: [ending.error ? 'failure' : 'success'],
        error: ending.error,
      })
      expect(events.at(-1)?.type === 'finish').toBe(!ending.error)
      expect(argumentsOf(events)).toEqual(ending.toolCalls)
      const firstContent = events.findIndex(({ type }) => CONTENT.has(type))
      const lastRetry = events.findLastIndex(({ type }) => type === 'retry')
      expect(firstContent === -1 || lastRetry < firstContent).toBe(true)
      await client.close({ grace: 0 })
    }),
    {
      numRuns: 400,
      // The answer is taken for whole when nothing has followed its finish reason for long enough: no limit may begin after that.
      examples: [[[{ pieces: [wire.finish()], whole: false, cuts: [], end: 'silence', slow: false }]]],
    },
  )
}, 60_000)

test('however a stream is cut into pieces, its events are the same', async () => {
  const document = [
    wire.PING,
    wire.role(),
    wire.word('Grüße 🌍'),
    wire.toolDelta(0, { id: 'a', name: 'go', arguments: '{"né' }),
    wire.toolDelta(0, { arguments: 'e":1}' }),
    wire.finish('tool_calls'),
    wire.usage(),
    wire.DONE,
  ].join('')
  for (const ends of ['\n', '\r\n', '\r']) {
    const bytes = new TextEncoder().encode(document.replaceAll('\n', ends))
    const read = async (cuts: number[]): Promise<readonly StreamEvent[]> => {
      const fetch = (): Promise<Response> => Promise.resolve(new Response(bodyOf(bytes, cuts, 'close')))
      const provider = openaiCompatible({ name: 'local', baseURL: 'http://localhost/v1', apiKey: KEY })
      const client = createClient({ provider, model: 'm', fetch: fetch as typeof globalThis.fetch })
      const { events, error } = await wire.take(client.stream(asked))
      expect(error).toBeUndefined()
      return events
    }
    const whole = await read([])
    expect(whole).toHaveLength(7)
    for (let at = 1; at < bytes.length; at += 3) expect(await read([at])).toEqual(whole)
  }
})
