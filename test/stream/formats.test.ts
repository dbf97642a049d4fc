import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { CompletionError, isCompletionError, readEvents, type StreamEvent } from 'punctual'
import { problemResponse } from 'punctual/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asked, clientOf } from '../support/call.ts'
import { failure } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { schemaOf } from '../support/schemas.ts'
import { testClock } from '../support/test-clock.ts'

async function serverOf(script: (exchange: FaultExchange) => unknown): Promise<FaultServer> {
  const server = await faultServer(script)
  onTestFinished(() => server.close())
  return server
}

const textOf = (body: ReadableStream<Uint8Array>): Promise<string> => new Response(body).text()
const whole = (exchange: FaultExchange): void => wire.streaming(exchange)
const failing = (exchange: FaultExchange): void =>
  wire.streaming(
    exchange,
    wire.word('one'),
    wire.sse(failure('The server is overloaded', 'server_error', 'overloaded')),
  )

const PROBLEM = { 'content-type': 'application/problem+json' }
const JSON_TYPE = { 'content-type': 'application/json' }

/** Reads Chat Completions chunks as a plain client of that wire does. */
function readChunks(body: string) {
  const seen = {
    text: '',
    role: undefined as unknown,
    finish: null as unknown,
    usage: undefined as unknown,
    done: false,
  }
  const calls: { id?: string; type?: string; name: string; arguments: string }[] = []
  let error: unknown
  for (const block of body.split('\n\n')) {
    if (!block.startsWith('data: ')) continue
    const data = block.slice(6)
    if (data === '[DONE]') {
      seen.done = true
      break
    }
    const chunk = JSON.parse(data)
    if (chunk.error) {
      error = chunk.error
      break
    }
    expect(chunk).toMatchObject({ object: 'chat.completion.chunk', model: 'm' })
    if (chunk.usage) seen.usage = chunk.usage
    const choice = chunk.choices[0]
    if (!choice) continue
    seen.role ??= choice.delta.role
    seen.text += choice.delta.content ?? ''
    seen.finish = choice.finish_reason ?? seen.finish
    for (const piece of choice.delta.tool_calls ?? []) {
      const call = (calls[piece.index] ??= { name: '', arguments: '' })
      if (piece.id) Object.assign(call, { id: piece.id, type: piece.type })
      call.name += piece.function.name ?? ''
      call.arguments += piece.function.arguments ?? ''
    }
  }
  return { ...seen, calls, error }
}

describe('readEvents', () => {
  const body = 'data: {"type":"text","text":"a"}\n\ndata: {"type":"finish","finishReason":"stop"}\n\n'

  test('takes the strings of a stream whose encoding is set', async () => {
    const { events, error } = await wire.take(readEvents(Readable.from([body]) as AsyncIterable<never>))
    expect([events.length, error]).toEqual([2, undefined])
  })

  test.each([new TextEncoder().encode(body), new Blob([body]), {}])('refuses what is no body: %s', async (given) => {
    const { error } = await wire.take(readEvents(given as never))
    expect(error).toEqual(
      new TypeError('readEvents must be a response with a body, or a stream of bytes, got an object'),
    )
  })

  test('takes no code from a stranger', async () => {
    const headers = { 'content-type': 'application/problem+json' }
    const problem = new Response('{"code":"session_expired"}', { status: 401, headers })
    expect((await wire.take(readEvents(problem))).error).toMatchObject({ code: 'authentication', status: 401 })
    // One of a later version, perhaps: what it says is kept.
    const event = new Response('data: {"type":"error","error":{"code":"weird","message":"m"}}\n\n')
    expect((await wire.take(readEvents(event))).error).toMatchObject({ code: 'server_error', message: 'm' })
  })

  test('refuses chunks that are no bytes', async () => {
    const { error } = await wire.take(readEvents(Readable.from([{}]) as AsyncIterable<never>))
    expect(error).toEqual(
      new TypeError('readEvents must be a response with a body, or a stream of bytes, got an object'),
    )
  })

  test.each(['<html>login</html>', ' {"ok":true}'])(
    'does not take a page for a connection that was cut: %s',
    async (page) => {
      const { error } = await wire.take(readEvents(new Response(page)))
      expect(error).toMatchObject({
        code: 'invalid_response',
        retryable: false,
        message: expect.stringContaining('not in the format') as string,
      })
    },
  )
})

describe('toReadableStream', () => {
  test('carries a validated input that JSON cannot write as its arguments say it', async () => {
    const calls = [{ index: 0, id: 'c1', type: 'function', function: { name: 'pay', arguments: '{"cents":"12"}' } }]
    const call = wire.sse({ choices: [{ index: 0, delta: { tool_calls: calls } }] })
    const end = wire.sse({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] })
    const server = await serverOf((exchange) => wire.streaming(exchange, call, end, wire.DONE))
    const input = schemaOf({ type: 'object' }, (value) => ({ cents: BigInt((value as { cents: string }).cents) }))
    const stream = clientOf(server.origin).stream({ messages: asked.messages, tools: { pay: { input } } })
    const { error, events } = await wire.take(readEvents(stream.toReadableStream()))
    expect(error).toBeUndefined()
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'tool_call', toolCall: expect.objectContaining({ input: { cents: '12' } }) }),
    )
    expect((await stream.completion).toolCalls[0]?.input).toEqual({ cents: 12n })
  })

  test("writes 'events' that readEvents reads back", async () => {
    const server = await serverOf(whole)
    const client = clientOf(server.origin)
    const direct = await wire.take(client.stream(asked))
    const back = await wire.take(readEvents(client.stream(asked).toReadableStream()))
    expect(back.error).toBeUndefined()
    expect(back.events).toEqual(direct.events)
    const response = new Response(client.stream(asked).toReadableStream({ format: 'events' }))
    expect((await wire.take(readEvents(response))).text).toBe(wire.TEXT)
  })

  test("hands an error on as the last of 'events'", async () => {
    const server = await serverOf(failing)
    const back = await wire.take(readEvents(clientOf(server.origin).stream(asked).toReadableStream()))
    expect(back.text).toBe('one')
    expect(isCompletionError(back.error)).toBe(true)
    expect(back.error).toMatchObject({ code: 'overloaded', retryable: true, stopReason: 'not_retryable' })
  })

  test('a cut on the way here is an error', async () => {
    const server = await serverOf(whole)
    const body = await textOf(clientOf(server.origin).stream(asked).toReadableStream())
    const cut = new Response(body.slice(0, body.indexOf('"finish"')))
    expect((await wire.take(readEvents(cut))).error).toMatchObject({ code: 'invalid_response', retryable: true })
    const halves = ['{"type":"error","error":{"code":"network"}}', '{"type":"error","error":{"message":"m"}}']
    for (const damaged of ['{"type":"error"}', '{"type":"error","error":null}', 'null', ...halves]) {
      const { error } = await wire.take(readEvents(new Response(`data: ${damaged}\n\n`)))
      expect(error).toMatchObject({ code: 'invalid_response' })
    }
    await expect(readEvents(undefined as never).next()).rejects.toThrow('readEvents must be')
    const foreign = await wire.take(readEvents(new Response('data: {"hello":1}\n\n')))
    expect(foreign.error).toMatchObject({ code: 'invalid_response' })
  })

  test('a connection that breaks on the way here is an error of its own', async () => {
    const server = await serverOf(whole)
    const body = await textOf(clientOf(server.origin).stream(asked).toReadableStream())
    const breaking = (reason: unknown) => {
      let pulled = false
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulled) controller.error(reason)
          else controller.enqueue(new TextEncoder().encode(body.slice(0, body.indexOf('"usage"'))))
          pulled = true
        },
      })
    }
    const reset = new TypeError('terminated')
    const back = await wire.take(readEvents(breaking(reset)))
    expect(back.text).toBe(wire.TEXT)
    expect(back.error).toMatchObject({ code: 'network', retryable: true, cause: reset })
    const aborted = await wire.take(readEvents(breaking(new DOMException('left', 'AbortError'))))
    expect(aborted.error).toMatchObject({ code: 'aborted', retryable: false })
    const late = await wire.take(readEvents(breaking(new DOMException('late', 'TimeoutError'))))
    expect(late.error).toMatchObject({ code: 'timeout', phase: 'signal' })
    const own = new CompletionError({ code: 'overloaded', message: 'overloaded: of a stream that stands behind' })
    expect((await wire.take(readEvents(breaking(own)))).error).toBe(own)
  })

  test.each([
    [
      { code: 'rate_limit', retryAfterMs: 1_500 },
      { code: 'rate_limit', status: 429, retryAfterMs: 2_000, retryable: true },
    ],
    [
      { code: 'timeout', phase: 'attempt' },
      { code: 'timeout', phase: 'attempt', status: 504, retryable: true },
    ],
    [
      { code: 'timeout', phase: 'total' },
      { code: 'timeout', phase: 'total', status: 504, retryable: false },
    ],
    [{ code: 'timeout' }, { code: 'timeout', phase: 'total', status: 504, retryable: false }],
    [
      { code: 'timeout', phase: 'signal' },
      { code: 'timeout', phase: 'signal', status: 504, retryable: false },
    ],
    [{ code: 'authentication' }, { code: 'server_error', status: 502 }],
    [
      { code: 'context_length', callId: 'call_1' },
      { code: 'context_length', status: 413, callId: 'call_1', retryable: false },
    ],
  ] as const)('an error response of %o is read as the error that it stands for', async (init, expected) => {
    const refused = problemResponse(new CompletionError({ message: init.code, ...init }))
    const { error } = await wire.take(readEvents(refused))
    expect(isCompletionError(error)).toBe(true)
    expect(error).toMatchObject(expected)
  })

  test("a gateway's error response is read by its status", async () => {
    const refused = new Response('<html>Bad gateway</html>', { status: 502, headers: { 'content-type': 'text/html' } })
    expect((await wire.take(readEvents(refused))).error).toMatchObject({
      code: 'server_error',
      status: 502,
      message: 'server_error: the server answered with status 502 and no events.',
    })
  })

  test.each<[string, number, Record<string, string>, object]>([
    ['a problem that names no phase', 504, PROBLEM, { code: 'timeout', phase: 'total', retryable: false }],
    ['a document that is no problem', 500, JSON_TYPE, { code: 'server_error', retryable: true }],
    ['a wait until a date', 504, { ...PROBLEM, 'retry-after': 'Thu, 04 Mar 2027 05:06:37 GMT' }, { code: 'timeout' }],
  ])('%s is read for what it says', async (_, status, headers, expected) => {
    const { error } = await wire.take(readEvents(new Response('{"code":"timeout"}', { status, headers })))
    expect(error).toMatchObject(expected)
    expect(error).not.toHaveProperty('retryAfterMs')
  })

  test('leaving readEvents cancels the body and the call', async () => {
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('one')))
    const stream = clientOf(server.origin).stream(asked)
    for await (const event of readEvents(stream.toReadableStream())) if (event) break
    expect(await wire.completionError(stream)).toMatchObject({ code: 'aborted' })
    await until(() => server.open() === 0)
  })

  test("is read in 'openai' by a plain client of that wire", async () => {
    const server = await serverOf(whole)
    const read = readChunks(await textOf(clientOf(server.origin).stream(asked).toReadableStream({ format: 'openai' })))
    expect(read).toMatchObject({
      text: wire.TEXT,
      role: 'assistant',
      finish: 'stop',
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
      done: true,
      error: undefined,
    })
  })

  test("has every field of that wire in 'openai'", async () => {
    const clock = testClock(1_760_000_000_900)
    const body = [wire.word('one'), wire.finish('of_a_later_version'), wire.usage(), wire.DONE].join('')
    const fetch = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    const stream = clientOf('http://local', { clock, fetch }).stream(asked)
    const written = await textOf(stream.toReadableStream({ format: 'openai' }))
    const { callId: id } = await stream.completion
    const head = { id, object: 'chat.completion.chunk', created: 1_760_000_000, model: 'm' }
    const delta = { role: 'assistant', content: 'one' }
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 3,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    }
    const chunks = [
      { ...head, choices: [{ index: 0, delta, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { ...head, choices: [], usage },
    ]
    expect(
      written
        .split('\n\n')
        .slice(0, -2)
        .map((chunk) => JSON.parse(chunk.slice(6)) as unknown),
    ).toEqual(chunks)
    expect(written).toMatch(/\n\ndata: \[DONE\]\n\n$/)
  })

  test("writes tool calls in 'openai'", async () => {
    const pieces = [
      wire.toolDelta(0, { id: 'a', name: 'get' }),
      wire.toolDelta(0, { arguments: '{"a":' }),
      wire.toolDelta(0, { arguments: '1}' }),
    ]
    const server = await serverOf((exchange) => wire.streaming(exchange, ...pieces, wire.finish('tool_calls')))
    const read = readChunks(await textOf(clientOf(server.origin).stream(asked).toReadableStream({ format: 'openai' })))
    expect(read.calls).toEqual([{ id: 'a', type: 'function', name: 'get', arguments: '{"a":1}' }])
    expect(read.finish).toBe('tool_calls')
  })

  test("ends with the error and without [DONE] in 'openai'", async () => {
    const server = await serverOf(failing)
    const read = readChunks(await textOf(clientOf(server.origin).stream(asked).toReadableStream({ format: 'openai' })))
    expect(read).toMatchObject({ text: 'one', done: false, error: { type: 'overloaded', code: 'overloaded' } })
    expect(read.error).toMatchObject({ message: expect.stringMatching(/^overloaded: /) as string, param: null })
  })

  test('is written back by punctual itself', async () => {
    const server = await serverOf(whole)
    const inner = clientOf(server.origin)
    const relay = await serverOf(async (exchange) => {
      exchange.respond(await textOf(inner.stream(asked).toReadableStream({ format: 'openai' })), {
        headers: { 'content-type': 'text/event-stream' },
      })
    })
    const { text, usage, finishReason } = await clientOf(relay.origin).stream(asked).completion
    expect({ text, finishReason }).toEqual({ text: wire.TEXT, finishReason: 'stop' })
    expect(usage).toMatchObject({ totalTokens: 12 })
  })

  test('writes what a function says', async () => {
    const server = await serverOf(whole)
    const format = (event: StreamEvent): string => (event.type === 'text' ? `${event.text}|` : '')
    expect(await textOf(clientOf(server.origin).stream(asked).toReadableStream({ format }))).toBe('Paris |is |it.|')
  })

  test.each([
    ['throws', () => raise()],
    ['gives nothing', () => undefined as never],
  ])('a function that %s ends the call', async (_, format) => {
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('one')))
    const stream = clientOf(server.origin).stream(asked)
    const body = await textOf(stream.toReadableStream({ format }))
    expect(body).toContain('"type":"error"')
    await until(() => server.open() === 0)
    expect(await wire.completionError(stream)).toMatchObject({ code: 'aborted', cause: expect.any(Error) as Error })
  })

  test('has no heartbeats where they are never due', async () => {
    const server = await serverOf((exchange) => setTimeout(() => wire.streaming(exchange), 60))
    const body = await textOf(clientOf(server.origin).stream(asked).toReadableStream({ heartbeat: Infinity }))
    expect(body).not.toContain(': ping')
    expect(body).toContain('Paris')
  })

  test('fills silence with heartbeats', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => wire.begin(exchange, wire.word('one')))
    const stream = clientOf(server.origin, { clock }).stream(asked, { timeout: { idle: 60_000 } })
    const reader = stream.toReadableStream({ heartbeat: 10_000 }).getReader()
    const read = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value)
    expect(await read()).toBe('data: {"type":"text","text":"one"}\n\n')
    for (let i = 0; i < 3; i++) {
      const next = read()
      await clock.advance(10_000)
      expect(await next).toBe(': ping\n\n')
    }
    const pending = [read(), read(), read()]
    await clock.advance(31_000)
    expect(await Promise.all(pending)).toEqual([': ping\n\n', ': ping\n\n', expect.stringContaining('"phase":"idle"')])
    expect((await reader.read()).done).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('relays the pings of the provider', async () => {
    const server = await serverOf((exchange) => wire.streaming(exchange, wire.PING, wire.word('a'), wire.finish()))
    const body = await textOf(clientOf(server.origin).stream(asked).toReadableStream())
    expect(body.startsWith(': ping\n\ndata: {"type":"text"')).toBe(true)
  })

  test('refuses a format or heartbeat that is none', () => {
    const client = clientOf('http://127.0.0.1:1')
    expect(() => client.stream(asked).toReadableStream({ format: 'csv' as never })).toThrow(TypeError)
    expect(() => client.stream(asked).toReadableStream({ heartbeat: 0 })).toThrow(TypeError)
  })

  test('reads no faster than it is read', async () => {
    const server = await serverOf(whole)
    const reader = clientOf(server.origin).stream(asked).toReadableStream().getReader()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(server.connections).toHaveLength(0)
    await reader.cancel()
  })
})

test('readEvents runs where there is nothing of Node', async () => {
  const entry = fileURLToPath(new URL('../../src/stream/read-events.ts', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'page',
    platform: 'browser',
  })
  const server = await serverOf(failing)
  const bytes = new TextEncoder().encode(await textOf(clientOf(server.origin).stream(asked).toReadableStream()))
  // A page's globals; its streams cannot be iterated, as Safari's.
  const context = createContext({ TextDecoder, Headers, bytes })
  const result = await runInContext(
    `${outputFiles[0]?.text}
    (async () => {
      let at = 0, cancelled = 0
      const reader = {
        read: async () => at < bytes.length ? { done: false, value: bytes.slice(at, at += 3) } : { done: true },
        cancel: async () => { cancelled++ },
      }
      const types = []
      try {
        for await (const event of page.readEvents({ body: { getReader: () => reader } })) types.push(event.type)
      } catch (error) {
        return { types, code: error.code, name: error.name, cancelled, brand: error }
      }
    })()`,
    context,
  )
  const { brand, ...seen } = result as { brand: unknown }
  expect({ ...seen, types: [...(seen as { types: string[] }).types] }).toEqual({
    types: ['text'],
    code: 'overloaded',
    name: 'CompletionError',
    cancelled: 1,
  })
  expect(isCompletionError(brand)).toBe(true)
})

test('toReadableStream names an option that it does not know', () => {
  const stream = clientOf('http://local').stream(asked)
  expect(() => stream.toReadableStream({ heartBeat: 5 } as never)).toThrow('did you mean heartbeat?')
})

function raise(): never {
  throw new Error('mine')
}

test('an event that is awaited by nobody when the stream fails is no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const hear = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  const server = await serverOf((exchange) => wire.begin(exchange, wire.word('one')))
  // Writes nothing, and takes longer for it than the heartbeat.
  const format = (): string => {
    for (const end = performance.now() + 40; performance.now() < end; );
    return ''
  }
  const reader = clientOf(server.origin).stream(asked).toReadableStream({ heartbeat: 20, format }).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(': ping\n\n')
  await reader.cancel('gone')
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  expect(unhandled).toEqual([])
})
