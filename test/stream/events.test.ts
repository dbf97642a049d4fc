import { openai } from 'punctual'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asked, clientOf, KEY } from '../support/call.ts'
import { chat, steps } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock } from '../support/test-clock.ts'

async function serverOf(...scripts: ((exchange: FaultExchange) => unknown)[]): Promise<FaultServer> {
  const server = await faultServer(steps(...scripts))
  onTestFinished(() => server.close())
  return server
}

const playing =
  (...pieces: (string | Uint8Array)[]) =>
  (exchange: FaultExchange): void =>
    wire.streaming(exchange, ...pieces)

async function eventsOf(...pieces: (string | Uint8Array)[]) {
  const server = await serverOf(playing(...pieces))
  return await wire.take(clientOf(server.origin).stream(asked))
}

describe('events', () => {
  test('come in the order of the wire, finish last', async () => {
    const server = await serverOf(playing())
    const stream = clientOf(server.origin).stream(asked)
    const taken = await wire.take(stream)
    expect(taken.events).toEqual([
      ...wire.WORDS.map((text) => ({ type: 'text', text })),
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 9, outputTokens: 3, totalTokens: 12 }) },
      { type: 'finish', finishReason: 'stop' },
    ])
    const completion = await stream.completion
    expect(completion).toMatchObject({
      text: wire.TEXT,
      finishReason: 'stop',
      model: 'm-2026',
      usage: { totalTokens: 12 },
      raw: undefined,
      attempts: [{ outcome: 'ok', status: 200, usage: { totalTokens: 12 } }],
    })
    expect(completion.attempts[0]?.timeToFirstToken).toBeGreaterThan(0)
  })

  test('tokens arrive one byte at a time', async () => {
    const words = ['Grüße ', '🌍 ', '你好']
    const bytes = new TextEncoder().encode(wire.document(words))
    const taken = await eventsOf(...Array.from(bytes, (byte) => Uint8Array.of(byte)))
    expect(taken).toMatchObject({ text: words.join(''), error: undefined })
  })

  test('five thousand tokens arrive in one write', async () => {
    const words = Array.from({ length: 5_000 }, (_, index) => `w${index} `)
    const taken = await eventsOf(wire.document(words))
    expect(taken).toMatchObject({ text: words.join(''), error: undefined })
    expect(taken.events).toHaveLength(5_002)
  })

  test('a finish reason without [DONE] is a whole answer', async () => {
    const taken = await eventsOf(wire.word('yes'), wire.finish())
    expect(taken).toMatchObject({ text: 'yes', error: undefined })
  })

  test('[DONE] after content without a finish reason ends well', async () => {
    const taken = await eventsOf(wire.word('yes'), wire.DONE)
    expect(taken).toMatchObject({ text: 'yes', error: undefined })
    expect(taken.events.at(-1)).toEqual({ type: 'finish', finishReason: 'other' })
  })

  test('the last event needs no blank line', async () => {
    const taken = await eventsOf(wire.word('yes'), wire.finish().trimEnd())
    expect(taken).toMatchObject({ text: 'yes', error: undefined })
  })

  test('usage follows the finish reason', async () => {
    const server = await serverOf(playing(wire.word('yes'), wire.finish(), wire.usage()))
    const { usage } = await clientOf(server.origin).stream(asked).completion
    expect(usage).toMatchObject({ totalTokens: 12 })
  })

  test('content after the finish reason is part of the answer', async () => {
    const server = await serverOf(playing(wire.word('yes'), wire.finish(), wire.word(' sir'), wire.DONE))
    const stream = clientOf(server.origin).stream(asked)
    const taken = await wire.take(stream)
    expect(taken).toMatchObject({ text: 'yes sir', error: undefined })
    expect((await stream.completion).text).toBe('yes sir')
  })

  test('two finish reasons make one finish event', async () => {
    const taken = await eventsOf(wire.word('yes'), wire.finish('stop'), wire.finish('length'), wire.DONE)
    expect(taken.events.filter(({ type }) => type === 'finish')).toEqual([{ type: 'finish', finishReason: 'length' }])
  })

  test('what follows [DONE] is ignored', async () => {
    const taken = await eventsOf(wire.word('yes'), wire.finish(), wire.DONE, wire.word('no'))
    expect(taken).toMatchObject({ text: 'yes', error: undefined })
  })

  test('refusal deltas become the refusal', async () => {
    const pieces = [wire.delta({ refusal: "I can't" }), wire.delta({ refusal: ' do that.' }), wire.finish()]
    const server = await serverOf(playing(...pieces))
    const stream = clientOf(server.origin).stream(asked)
    expect(wire.typesOf(await wire.take(stream))).toEqual(['refusal', 'refusal', 'finish'])
    expect((await stream.completion).refusal).toBe("I can't do that.")
  })

  test('a filter that ends an answer is a result', async () => {
    const taken = await eventsOf(wire.word('well'), wire.finish('content_filter'))
    expect(taken.error).toBeUndefined()
    expect(taken.events.at(-1)).toEqual({ type: 'finish', finishReason: 'content_filter' })
  })

  test('interleaved tool calls split anywhere are put together', async () => {
    const whole = [
      { id: 'a', name: 'find', arguments: '{"city":"Zürich 🌍","n":[1,2]}' },
      { id: 'b', name: 'book', arguments: '{"when":"明日"}' },
    ]
    const pieces = whole.map(({ id, name }, index) => wire.toolDelta(index, { id, name }))
    for (let at = 0; at < 30; at += 3) {
      for (const [index, call] of whole.entries()) {
        const piece = Array.from(call.arguments)
          .slice(at, at + 3)
          .join('')
        if (piece) pieces.push(wire.toolDelta(index, { arguments: piece }))
      }
    }
    const bytes = new TextEncoder().encode([...pieces, wire.finish('tool_calls'), wire.DONE].join(''))
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
      bytes.subarray(index * 7, index * 7 + 7),
    )
    const server = await serverOf(playing(...chunks))
    const stream = clientOf(server.origin).stream(asked)
    const taken = await wire.take(stream)
    expect(taken.error).toBeUndefined()
    const types = wire.typesOf(taken)
    expect(types.slice(-3)).toEqual(['tool_call', 'tool_call', 'finish'])
    expect(new Set(types.slice(0, -3))).toEqual(new Set(['tool_call_delta']))
    const joined = ['', '']
    for (const event of taken.events) if (event.type === 'tool_call_delta') joined[event.index] += event.arguments
    expect(joined).toEqual(whole.map((call) => call.arguments))
    const { toolCalls, finishReason } = await stream.completion
    expect(toolCalls).toMatchObject(whole)
    expect(finishReason).toBe('tool_calls')
  })

  test('an empty piece of a tool call is no event', async () => {
    const pieces = [
      wire.toolDelta(0, { id: 'a', name: 'find' }),
      wire.toolDelta(0, {}),
      wire.toolDelta(0, { arguments: '{}' }),
    ]
    const taken = await eventsOf(...pieces, wire.finish('tool_calls'))
    expect(wire.typesOf(taken)).toEqual(['tool_call_delta', 'tool_call_delta', 'tool_call', 'finish'])
  })

  test('a whole JSON completion in place of a stream is accepted', async () => {
    const server = await serverOf((exchange) => exchange.json(chat('whole')))
    const stream = clientOf(server.origin).stream(asked)
    const taken = await wire.take(stream)
    expect(wire.typesOf(taken)).toEqual(['text', 'usage', 'finish'])
    expect((await stream.completion).text).toBe('whole')
  })

  test('a JSON error in place of a stream is that error', async () => {
    const server = await serverOf((exchange) =>
      exchange.json({ error: { message: 'no', type: 'insufficient_quota', code: 'insufficient_quota' } }),
    )
    const taken = await wire.take(clientOf(server.origin).stream(asked))
    expect(taken.error).toMatchObject({ code: 'quota_exceeded' })
  })

  test('pings are told, by comment and before content', async () => {
    const taken = await eventsOf(wire.PING, wire.role(), wire.PING, wire.word('a'), wire.PING, wire.finish())
    expect(wire.typesOf(taken)).toEqual(['ping', 'ping', 'text', 'ping', 'finish'])
  })

  test('of pings that nobody has taken one is kept', async () => {
    const taken = await eventsOf(wire.PING.repeat(50), wire.word('a'), wire.finish())
    expect(wire.typesOf(taken).filter((type) => type === 'ping').length).toBeLessThanOrEqual(2)
    expect(wire.typesOf(taken).slice(-2)).toEqual(['text', 'finish'])
  })

  test('raw events are told on request, each before what it says', async () => {
    const server = await serverOf(playing(wire.word('a'), wire.finish(), wire.DONE))
    const taken = await wire.take(clientOf(server.origin).stream(asked, { rawEvents: true }))
    expect(wire.typesOf(taken)).toEqual(['raw', 'text', 'raw', 'raw', 'finish'])
    const [first] = taken.events
    expect(first?.type === 'raw' && JSON.parse(first.data)).toMatchObject({ choices: [{ delta: { content: 'a' } }] })
    expect(taken.events[3]).toEqual({ type: 'raw', data: '[DONE]' })
  })

  test('usage is asked for of OpenAI', async () => {
    const server = await serverOf(playing())
    const model = openai({ apiKey: KEY, baseURL: `${server.origin}/v1` })('m')
    await clientOf(server.origin).stream({ ...asked, model }).completion
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    })
  })
})

describe('limits', () => {
  test('an event larger than maxResponseBytes is not read', async () => {
    const server = await serverOf(playing(wire.word('ok'), wire.word('x'.repeat(5_000)), wire.finish()))
    const taken = await wire.take(clientOf(server.origin).stream(asked, { maxResponseBytes: 4_000 }))
    expect(taken).toMatchObject({ text: 'ok', error: { code: 'invalid_response', retryable: false } })
  })

  test('maxResponseBytes is of one event, not the stream', async () => {
    const words = Array.from({ length: 50 }, () => 'x'.repeat(500))
    const server = await serverOf(playing(wire.document(words)))
    const taken = await wire.take(clientOf(server.origin).stream(asked, { maxResponseBytes: 4_000 }))
    expect(taken).toMatchObject({ text: words.join(''), error: undefined })
  })

  test('an endless event is cut off at maxResponseBytes', async () => {
    let pushed = 0
    const server = await serverOf(async (exchange) => {
      wire.begin(exchange, wire.word('ok'), 'data: ')
      for (; pushed < 3_000 && !exchange.connection.closedAt; pushed++) {
        exchange.chunk('x'.repeat(10_000))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    const taken = await wire.take(clientOf(server.origin).stream(asked, { maxResponseBytes: 100_000 }))
    expect(taken.error).toMatchObject({ code: 'invalid_response', retryable: false, partial: { text: 'ok' } })
    await until(() => server.open() === 0)
    expect(pushed).toBeLessThan(3_000)
  })

  test('a consumer that stands still stops the server', async () => {
    let written = 0
    let finished = false
    const piece = wire.word('x'.repeat(20_000))
    const server = await serverOf(async (exchange) => {
      wire.begin(exchange, wire.role())
      const { socket } = exchange.connection
      for (let i = 0; i < 2_000 && !socket.destroyed; i++) {
        exchange.chunk(piece)
        written += piece.length
        if (socket.writableNeedDrain) await new Promise((resolve) => socket.once('drain', resolve))
      }
      exchange.chunk(wire.finish())
      exchange.chunk('')
      finished = true
    })
    const stream = clientOf(server.origin).stream(asked)
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    let before = -1
    await until(() => {
      const still = written === before
      before = written
      return still
    }, 5_000)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const stalled = written
    expect(stalled).toBeLessThan(12_000_000)
    expect(finished).toBe(false)
    let text = 20_000
    for await (const event of { [Symbol.asyncIterator]: () => events })
      if (event.type === 'text') text += event.text.length
    expect(text).toBe(2_000 * 20_000)
    expect(written).toBe(2_000 * piece.length)
  }, 20_000)

  test('a server that never ends its finished stream is not waited for', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('yes'), wire.finish()))
    const client = clientOf(server.origin, { clock })
    const stream = client.stream(asked)
    const taken = wire.take(stream)
    let settled = false
    void taken.then(() => (settled = true))
    await until(() => server.requests.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(4_900)
    expect(settled).toBe(false)
    await clock.advance(200)
    expect(await taken).toMatchObject({ text: 'yes', error: undefined })
    await until(() => server.open() === 0)
    expect(clock.pending).toBe(0)
  })

  test('a finished answer without content is not lost to firstToken', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => wire.begin(exchange, wire.role(), wire.finish('content_filter')))
    const stream = clientOf(server.origin, { clock }).stream(asked, { retry: false, timeout: { firstToken: 1_000 } })
    const taken = wire.take(stream)
    await until(() => server.requests.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await clock.advance(6_000)
    expect(await taken).toMatchObject({
      events: [{ type: 'finish', finishReason: 'content_filter' }],
      error: undefined,
    })
  })

  test('a slow consumer is not taken for a silent provider', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('a'), wire.word('b')))
    const stream = clientOf(server.origin, { clock }).stream(asked, { timeout: { idle: 1_000, total: Infinity } })
    const events = stream[Symbol.asyncIterator]()
    expect(await events.next()).toMatchObject({ value: { text: 'a' } })
    await new Promise((resolve) => setTimeout(resolve, 30))
    await clock.advance(60_000)
    expect(await events.next()).toMatchObject({ value: { text: 'b' } })
    const third = events.next()
    const failed = third.catch((error: unknown) => error)
    await clock.advance(2_000)
    expect(await failed).toMatchObject({ code: 'timeout', phase: 'idle', partial: { text: 'ab' } })
    expect(clock.pending).toBe(0)
  })

  test('the total holds while the consumer is slow', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('a'), wire.word('b')))
    const stream = clientOf(server.origin, { clock }).stream(asked, { timeout: { total: 5_000 } })
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    await clock.advance(6_000)
    await until(() => server.open() === 0)
    await expect(wire.completionError(stream)).resolves.toMatchObject({ code: 'timeout', phase: 'total' })
    const rest = await wire.take({ [Symbol.asyncIterator]: () => events })
    expect(rest.error).toMatchObject({ code: 'timeout', phase: 'total' })
  })

  test('firstToken runs from the start of each attempt', async () => {
    const clock = testClock()
    const server = await serverOf(
      () => {},
      () => {},
    )
    const stream = clientOf(server.origin, { clock }).stream(asked, { retry: 1, timeout: { firstToken: 1_000 } })
    const taken = wire.take(stream)
    await until(() => server.requests.length === 1)
    await clock.advance(1_000)
    await clock.advance(1_000)
    await until(() => server.requests.length === 2)
    await clock.advance(1_000)
    const { error } = await taken
    expect(error).toMatchObject({ code: 'timeout', phase: 'firstToken' })
    expect((error as { attempts: { duration: number }[] }).attempts.map(({ duration }) => duration)).toEqual([
      1_000, 1_000,
    ])
  })
})
