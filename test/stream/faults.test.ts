import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AnyCompletionError, Options } from 'punctual'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asked, clientOf, failureOf } from '../support/call.ts'
import { failure, steps } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'

type Script = (exchange: FaultExchange) => unknown

async function serverOf(...scripts: Script[]): Promise<FaultServer> {
  const server = await faultServer(steps(...scripts))
  onTestFinished(() => server.close())
  return server
}

const cut = (exchange: FaultExchange): void => exchange.end()
const after =
  (...pieces: string[]): Script =>
  (exchange) =>
    wire.begin(exchange, wire.role(), ...pieces)
const thenCut =
  (script: Script): Script =>
  (exchange) => {
    script(exchange)
    setTimeout(() => exchange.end(), 20)
  }
const thenReset =
  (script: Script): Script =>
  (exchange) => {
    script(exchange)
    setTimeout(() => exchange.reset(), 20)
  }
const ended =
  (...pieces: string[]): Script =>
  (exchange) =>
    wire.streaming(exchange, ...pieces)
const pinging =
  (script: Script): Script =>
  async (exchange) => {
    script(exchange)
    for (let i = 0; i < 60 && !exchange.connection.closedAt; i++) {
      exchange.chunk(wire.PING)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
const error = (value: object): string => wire.sse(value)
const overloaded = failure('The server is overloaded', 'server_error', 'overloaded')

interface Fault {
  readonly script: Script
  readonly options?: Options
  readonly code: string
  readonly phase?: string
}

/** Long enough for the good answer of the attempt that follows, also where the machine is busy. */
const LIMIT = 300

/** What happens before any content is tried again, whatever it is. */
const BEFORE: Record<string, Fault> = {
  'silence before the headers': {
    script: () => {},
    options: { timeout: { headers: LIMIT } },
    code: 'timeout',
    phase: 'headers',
  },
  'silence before the first event': {
    script: wire.openStream,
    options: { timeout: { firstToken: LIMIT } },
    code: 'timeout',
    phase: 'firstToken',
  },
  'silence before the headers, to firstToken': {
    script: () => {},
    options: { timeout: { firstToken: LIMIT } },
    code: 'timeout',
    phase: 'firstToken',
  },
  'only pings': {
    script: pinging(wire.openStream),
    options: { timeout: { firstToken: LIMIT } },
    code: 'timeout',
    phase: 'firstToken',
  },
  'only a role, usage and an empty delta': {
    script: after(wire.usage(), wire.word('')),
    options: { timeout: { firstToken: LIMIT } },
    code: 'timeout',
    phase: 'firstToken',
  },
  'a connection closed at once': { script: cut, code: 'network' },
  'a stream cut before its first token': { script: thenCut(after()), code: 'network' },
  'a stream reset before its first token': { script: thenReset(after()), code: 'network' },
  'a stream ended before its first token': { script: ended(wire.role()), code: 'invalid_response' },
  'an empty stream': { script: ended(wire.PING), code: 'invalid_response' },
  'nothing but [DONE]': { script: ended(wire.DONE), code: 'invalid_response' },
  'an error event first': { script: ended(error(overloaded)), code: 'overloaded' },
  'an error event by its name': {
    script: ended(`event: error\n${error({ error: { message: 'over', status_code: 503 } })}`),
    code: 'server_error',
  },
  'an error in the finish of a choice': {
    script: ended(
      wire.role() +
        error({
          error: { code: 502, message: 'Provider returned error' },
          choices: [{ delta: {}, finish_reason: 'error' }],
        }),
    ),
    code: 'server_error',
  },
  'a flat error': {
    script: ended(error({ object: 'error', message: 'engine dead', type: 'InternalServerError', code: 500 })),
    code: 'server_error',
  },
  'an error that is a string': {
    script: ended(error({ error: 'model runner has unexpectedly stopped' })),
    code: 'server_error',
  },
  'a malformed event': { script: ended(`${wire.role()}data: {"choices":[{"del\n\n`), code: 'invalid_response' },
  'a web page': {
    script: (exchange) =>
      exchange.respond('<html><body>Bad gateway</body></html>', { headers: { 'content-type': 'text/html' } }),
    code: 'invalid_response',
  },
  'half a JSON document': {
    script: (exchange) => exchange.respond('{"id":"x","choices":[{"mess'),
    code: 'invalid_response',
  },
  'half a JSON document and silence': {
    script: (exchange) => {
      exchange.head({ contentLength: 500 })
      exchange.write('{"id":"x","choices":[{"mess')
    },
    options: { timeout: { idle: LIMIT } },
    code: 'timeout',
    phase: 'idle',
  },
  'a 503': { script: (exchange) => exchange.json(overloaded, { status: 503 }), code: 'overloaded' },
}

describe('before the first content', () => {
  for (const [name, { script, options, code, phase }] of Object.entries(BEFORE)) {
    test(`${name} is retried unseen`, async () => {
      await using server = await serverOf(script, (exchange) => wire.streaming(exchange))
      const stream = clientOf(server.origin).stream(asked, options)
      const taken = await wire.take(stream)
      expect(taken.error).toBeUndefined()
      expect(taken.text).toBe(wire.TEXT)
      expect(taken.events.filter(({ type }) => type === 'retry')).toEqual([{ type: 'retry', attempt: 1 }])
      const { attempts } = await stream.completion
      expect(attempts.map(({ error: seen }) => seen?.code)).toEqual([code, undefined])
      expect(attempts[0]?.error?.phase).toBe(phase)
    })

    test(`${name} is retried for complete on the wire`, async () => {
      await using server = await serverOf(script, (exchange) => wire.streaming(exchange))
      const { text, attempts } = await clientOf(server.origin).complete(asked, { wire: 'stream', ...options })
      expect(text).toBe(wire.TEXT)
      expect(attempts.map(({ error: seen }) => seen?.code)).toEqual([code, undefined])
    })
  }

  test('an error that no retry can help ends the stream', async () => {
    await using server = await serverOf(ended(error(failure('No money', 'insufficient_quota', 'insufficient_quota'))))
    const taken = await wire.take(clientOf(server.origin).stream(asked))
    expect(taken).toMatchObject({ events: [], error: { code: 'quota_exceeded', stopReason: 'not_retryable' } })
    expect(server.requests).toHaveLength(1)
  })

  test('the last failure is thrown when retries are used up', async () => {
    await using server = await serverOf(ended(wire.role()))
    const taken = await wire.take(clientOf(server.origin).stream(asked, { retry: 2 }))
    expect(wire.typesOf(taken)).toEqual(['retry', 'retry'])
    expect(taken.error).toMatchObject({ code: 'invalid_response', stopReason: 'max_retries' })
    expect((taken.error as AnyCompletionError).attempts).toHaveLength(3)
  })

  test('a default idle limit is not run before the first content', async () => {
    await using server = await serverOf(async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      wire.streaming(exchange)
    })
    const { error: seen, text } = await wire.take(clientOf(server.origin).stream(asked, { timeout: { idle: 50 } }))
    expect({ seen, text }).toEqual({ seen: undefined, text: wire.TEXT })
  })
})

const said = [wire.word('one '), wire.word('two '), wire.word('three')]

/** What happens after content keeps what was received and is never tried again. */
const AFTER: Record<string, Fault> = {
  silence: { script: after(...said), options: { timeout: { idle: 80 } }, code: 'timeout', phase: 'idle' },
  'only pings': { script: pinging(after(...said)), options: { timeout: { idle: 80 } }, code: 'timeout', phase: 'idle' },
  'only empty deltas and usage': {
    script: async (exchange) => {
      after(...said)(exchange)
      for (let i = 0; i < 60 && !exchange.connection.closedAt; i++) {
        exchange.chunk(i % 2 ? wire.usage() : wire.word(''))
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    options: { timeout: { idle: 80 } },
    code: 'timeout',
    phase: 'idle',
  },
  'a cut': { script: thenCut(after(...said)), code: 'network' },
  'a reset': { script: thenReset(after(...said)), code: 'network' },
  'a clean end without a finish reason': { script: ended(...said), code: 'invalid_response' },
  'a chunk of a wrong length': {
    script: (exchange) => {
      after(...said)(exchange)
      exchange.write('zz\r\nrubbish')
    },
    code: 'invalid_response',
  },
  'a look-alike of [DONE]': { script: ended(...said, wire.sse('[done]')), code: 'invalid_response' },
  'a [DONE] inside of content': {
    script: ended(...said.slice(0, 2), wire.word('three'), 'data: [DON'),
    code: 'invalid_response',
  },
  'an error event': { script: ended(...said, error(overloaded)), code: 'overloaded' },
  'an error without a field': {
    script: ended(...said, `${JSON.stringify(overloaded, null, 2)}\n\n`, wire.DONE),
    code: 'overloaded',
  },
  'an error event by its name': {
    script: ended(...said, `event: error\n${error({ error: { message: 'over', status_code: 503 } })}`),
    code: 'server_error',
  },
  'an error after the finish reason': {
    script: ended(
      ...said,
      wire.finish('length'),
      error({ choices: [], error: { code: 502, message: 'Provider error' } }),
    ),
    code: 'server_error',
  },
  'a malformed event': { script: ended(...said, 'data: {"id":\n\n', wire.DONE), code: 'invalid_response' },
  'an attempt that takes too long': {
    script: after(...said),
    options: { timeout: { attempt: 120 } },
    code: 'timeout',
    phase: 'attempt',
  },
  'a total that expires': { script: after(...said), options: { timeout: 120 }, code: 'timeout', phase: 'total' },
}

describe('after the first content', () => {
  for (const [name, { script, options, code, phase }] of Object.entries(AFTER)) {
    test(`${name} is an error that keeps the text`, async () => {
      await using server = await serverOf(script, (exchange) => wire.streaming(exchange))
      const stream = clientOf(server.origin).stream(asked, options)
      const taken = await wire.take(stream)
      expect(taken.text).toBe('one two three')
      expect(wire.typesOf(taken).filter((type) => type === 'retry' || type === 'finish')).toEqual([])
      expect(taken.error).toMatchObject({ code, partial: { text: 'one two three' } })
      expect((taken.error as AnyCompletionError).phase).toBe(phase)
      expect(server.requests).toHaveLength(1)
      expect(await wire.completionError(stream)).toBe(taken.error)
    })

    test(`${name} keeps the text for complete on the wire`, async () => {
      await using server = await serverOf(script)
      const failed = await failureOf(clientOf(server.origin).complete(asked, { wire: 'stream', retry: 0, ...options }))
      expect(failed).toMatchObject({ code, partial: { text: 'one two three' } })
      expect(failed.phase).toBe(phase)
    })
  }

  test('complete on the wire tries again after content', async () => {
    await using server = await serverOf(after(...said), (exchange) => wire.streaming(exchange))
    const { text, attempts } = await clientOf(server.origin).complete(asked, { timeout: { idle: 80 } })
    expect(text).toBe(wire.TEXT)
    expect(attempts.map(({ error: seen }) => seen?.phase)).toEqual(['idle', undefined])
  })

  test('tool calls so far are on the error', async () => {
    const pieces = [wire.toolDelta(0, { id: 'a', name: 'get', arguments: '{"city":' }), wire.usage()]
    await using server = await serverOf(ended(wire.role(), ...pieces))
    const { error: seen } = await wire.take(clientOf(server.origin).stream(asked))
    expect(seen).toMatchObject({
      code: 'invalid_response',
      partial: { toolCalls: [{ id: 'a', name: 'get', arguments: '{"city":' }], usage: { totalTokens: 12 } },
    })
  })

  test('the error shows how the stream began, and holds all of its text', async () => {
    const words = Array.from({ length: 200 }, (_, index) => `word ${index} `)
    const pieces = words.map(wire.word)
    await using server = await serverOf(ended(...pieces))
    const { error: seen } = await wire.take(clientOf(server.origin).stream(asked))
    const body = pieces.join('').slice(0, 8_192)
    expect(seen).toMatchObject({ partial: { text: words.join('') }, response: { body } })
  })

  test('what arrived before a cut is read before its error', async () => {
    await using server = await serverOf(thenReset(after(...said)))
    const stream = clientOf(server.origin).stream(asked)
    // The reset has long arrived when the consumer reads on.
    const taken = await wire.take(stream, () => new Promise((resolve) => setTimeout(resolve, 60)))
    expect(taken.text).toBe('one two three')
    expect(taken.error).toMatchObject({ code: 'network' })
  })
})

describe('after a finish reason', () => {
  const finished: Script = (exchange) => wire.begin(exchange, wire.word('a'), wire.finish())

  test('the total finds a whole answer', async () => {
    await using server = await serverOf(finished)
    const { text, error: seen } = await wire.take(clientOf(server.origin).stream(asked, { timeout: 150 }))
    expect([text, seen]).toEqual(['a', undefined])
    const completion = await clientOf(server.origin).complete(asked, { wire: 'stream', timeout: 150 })
    expect(completion).toMatchObject({ text: 'a', finishReason: 'stop' })
  })

  test('a limit of the attempt finds a whole answer, and nothing is asked again', async () => {
    await using server = await serverOf(finished)
    const timeout = { attempt: 150, idle: 5_000 }
    const { text, attempts } = await clientOf(server.origin).complete(asked, { timeout })
    expect([text, attempts.length]).toEqual(['a', 1])
    await until(() => server.open() === 0)
  })

  test('content shows that it was not the end', async () => {
    await using server = await serverOf(
      thenReset((exchange) => wire.begin(exchange, wire.word('a'), wire.finish(), wire.word('b'), wire.finish())),
    )
    const { text, error: seen } = await wire.take(clientOf(server.origin).stream(asked))
    expect(text).toBe('ab')
    expect(seen).toMatchObject({ code: 'network', partial: { text: 'ab' } })
  })

  test('tool calls that never came are missed', async () => {
    await using server = await serverOf(ended(wire.role(), wire.finish('tool_calls'), wire.DONE))
    const failed = await failureOf(clientOf(server.origin).complete(asked, { wire: 'stream', retry: 0 }))
    expect(failed).toMatchObject({ code: 'invalid_response' })
  })
})

test.each([
  { busy: 200, idle: 150 },
  { busy: 110, idle: 100 },
])('a consumer that keeps the loop busy makes no silence: %o', async ({ busy, idle }) => {
  const script = fileURLToPath(new URL('../support/steady-stream.ts', import.meta.url))
  const child = fork(script)
  onTestFinished(() => void child.kill())
  const [port] = (await once(child, 'message')) as [number]
  let text = ''
  for await (const event of clientOf(`http://127.0.0.1:${port}`).stream(asked, { timeout: { idle } })) {
    if (event.type !== 'text') continue
    text += event.text
    for (const end = performance.now() + busy; performance.now() < end; );
  }
  expect(text).toBe('t'.repeat(10))
})
