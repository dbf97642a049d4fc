import type { CompletionStream, Options, StreamEvent } from 'punctual'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asked, clientOf, countingSignal, observer } from '../support/call.ts'
import * as wire from '../support/chat-stream.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock, turns } from '../support/test-clock.ts'

async function serverOf(script: (exchange: FaultExchange) => unknown): Promise<FaultServer> {
  const server = await faultServer(script)
  onTestFinished(() => server.close())
  return server
}

/** Says one word and then nothing more. */
const stalled = (exchange: FaultExchange): void => wire.begin(exchange, wire.role(), wire.word('one'))
const whole = (exchange: FaultExchange): void => wire.streaming(exchange)

describe('a stream', () => {
  test('never touched makes no request and leaves no listener', async () => {
    const server = await serverOf(whole)
    const controller = countingSignal()
    const clock = testClock()
    const stream = clientOf(server.origin, { clock }).stream(asked, { signal: controller.signal })
    void stream.textStream
    void stream.completion
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.connections).toHaveLength(0)
    expect(controller.listeners()).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('begins at the first pull, not when it is iterated', async () => {
    const server = await serverOf(whole)
    const events = clientOf(server.origin).stream(asked)[Symbol.asyncIterator]()
    await turns(5)
    expect(server.connections).toHaveLength(0)
    expect(await events.next()).toEqual({ done: false, value: { type: 'text', text: 'Paris ' } })
    await events.return?.()
  })

  test('counts its deadline from the call', async () => {
    const server = await serverOf(whole)
    const clock = testClock()
    const stream = clientOf(server.origin, { clock }).stream(asked, { timeout: 1_000 })
    await clock.advance(1_500)
    const { error } = await wire.take(stream)
    expect(error).toMatchObject({ code: 'timeout', phase: 'total', sent: false })
    expect(server.connections).toHaveLength(0)
  })

  describe('whose reader reads nothing', () => {
    const unread = async (options: Options = {}): Promise<{ stream: CompletionStream; server: FaultServer }> => {
      const server = await serverOf(stalled)
      const stream = clientOf(server.origin).stream(asked, options)
      stream.toReadableStream()
      return { stream, server }
    }

    test('begins when its completion is awaited, and ends by its deadline', async () => {
      const { stream, server } = await unread({ timeout: 100 })
      await expect(stream.completion).rejects.toMatchObject({ code: 'timeout', phase: 'total' })
      expect(server.requests).toHaveLength(1)
    })

    test.each(['then', 'catch', 'finally'] as const)('begins with `%s` of its completion', async (method) => {
      const { stream, server } = await unread({ timeout: 100 })
      let settled = 0
      const settle = (): void => void settled++
      const { completion } = stream
      await (method === 'then' ? completion.then(settle, settle) : completion[method](settle)).catch(() => {})
      expect([settled, server.requests.length]).toEqual([1, 1])
    })

    test('hears its signal', async () => {
      const controller = new AbortController()
      const { stream, server } = await unread({ signal: controller.signal })
      void until(() => server.requests.length === 1).then(() => controller.abort())
      await expect(stream.completion).rejects.toMatchObject({ code: 'aborted' })
    })
  })

  test('has one consumer', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked)
    const first = wire.take(stream)
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => stream.textStream[Symbol.asyncIterator]()).toThrow(TypeError)
    expect(() => stream.toReadableStream()).toThrow(TypeError)
    expect((await first).text).toBe(wire.TEXT)
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError)
  })

  test('cannot be read once its completion drains it', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked)
    expect((await stream.completion).text).toBe(wire.TEXT)
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError)
  })

  test('gives text alone through textStream', async () => {
    const server = await serverOf(whole)
    const words: string[] = []
    for await (const text of clientOf(server.origin).stream(asked).textStream) words.push(text)
    expect(words).toEqual(wire.WORDS)
  })

  test('completes beside its consumer, whoever asks first', async () => {
    const server = await serverOf(whole)
    const client = clientOf(server.origin)
    const stream = client.stream(asked)
    const [completion, taken] = await Promise.all([stream.completion, wire.take(stream)])
    expect(completion.text).toBe(wire.TEXT)
    expect(taken.text).toBe(wire.TEXT)
    expect((await stream.completion).text).toBe(wire.TEXT)
  })

  test('keeps its connections after whole answers', async () => {
    const body = wire.document()
    const server = await serverOf((exchange) =>
      exchange.respond(body, { headers: { 'content-type': 'text/event-stream' } }),
    )
    const client = clientOf(server.origin)
    for (let i = 0; i < 5; i++) await wire.take(client.stream(asked))
    // undici takes a second one where the next request begins in the turn in which the answer before ended.
    expect(server.connections.length).toBeLessThanOrEqual(2)
  })

  test('tells its observers first token and success once', async () => {
    const server = await serverOf(whole)
    const seen = observer()
    await wire.take(clientOf(server.origin).stream(asked, { onEvent: seen.onEvent }))
    expect(seen.types()).toEqual(['attempt.start', 'first_token', 'attempt.end', 'success'])
  })

  test('a mistake is thrown at once', () => {
    const client = clientOf('http://127.0.0.1:1')
    expect(() => client.stream({ ...asked, max_tokens: 1 } as never)).toThrow(/maxTokens/)
  })
})

/** The ways to leave a stream that has said one word; each is to end the exchange at once. */
const LEAVING: Record<string, (stream: CompletionStream, controller: AbortController) => Promise<unknown>> = {
  async break(stream) {
    for await (const event of stream) if (event.type === 'text') break
  },
  async return(stream) {
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    expect(await events.return?.()).toEqual({ done: true, value: undefined })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  },
  async 'a throw in the loop'(stream) {
    const own = new Error('own')
    const thrown = await (async () => {
      for await (const event of stream) if (event.type === 'text') throw own
    })().catch((error: unknown) => error)
    expect(thrown).toBe(own)
  },
  async 'a break of textStream'(stream) {
    for await (const text of stream.textStream) if (text) break
  },
  async cancel(stream) {
    const reason = new Error('enough')
    const taken = await wire.take(stream, () => stream.cancel(reason))
    expect(taken.error).toMatchObject({ code: 'aborted', name: 'AbortError', partial: { text: 'one' } })
    expect((taken.error as Error).cause).toBe(reason)
  },
  async 'cancel while a pull waits'(stream) {
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    const waiting = events.next().catch((error: unknown) => error)
    stream.cancel('why')
    expect(await waiting).toMatchObject({ code: 'aborted', cause: 'why' })
  },
  async 'an abort'(stream, controller) {
    const reason = new Error('the user left')
    const taken = await wire.take(stream, () => controller.abort(reason))
    expect(taken.error).toMatchObject({ code: 'aborted', stopReason: 'aborted', partial: { text: 'one' } })
    expect((taken.error as Error).cause).toBe(reason)
  },
  async 'an abort by a timeout signal'(stream, controller) {
    const taken = await wire.take(stream, () => controller.abort(new DOMException('late', 'TimeoutError')))
    expect(taken.error).toMatchObject({ code: 'timeout', phase: 'signal' })
  },
  async 'a cancelled ReadableStream'(stream) {
    const reader = stream.toReadableStream().getReader()
    await reader.read()
    await reader.cancel('gone')
    expect(await wire.completionError(stream)).toMatchObject({ code: 'aborted', cause: 'gone' })
  },
  async 'a ReadableStream cancelled while it is read'(stream) {
    const reader = stream.toReadableStream().getReader()
    await reader.read()
    const reading = reader.read()
    await reader.cancel('gone')
    expect(await reading).toEqual({ done: true, value: undefined })
  },
  async 'await using'(stream) {
    await using held = stream
    await held[Symbol.asyncIterator]().next()
  },
  async 'a cancelled completion'(stream) {
    const failed = wire.completionError(stream)
    await new Promise((resolve) => setTimeout(resolve, 50))
    stream.cancel('no more')
    expect(await failed).toMatchObject({ code: 'aborted', cause: 'no more', partial: { text: 'one' } })
  },
}

describe('leaving', () => {
  // A rejection that nobody handles fails the whole run.
  for (const [name, leave] of Object.entries(LEAVING)) {
    test(`by ${name} ends the exchange at once`, async () => {
      const server = await serverOf(stalled)
      const controller = countingSignal()
      const clock = testClock()
      const seen = observer()
      const client = clientOf(server.origin, { clock, onEvent: seen.onEvent })
      const stream = client.stream(asked, { signal: controller.signal, timeout: { idle: 5_000, firstToken: 5_000 } })
      await leave(stream, controller)
      await until(() => server.connections.length === 1 && server.open() === 0, 500)
      expect(controller.listeners()).toBe(0)
      expect(clock.pending).toBe(0)
      expect(seen.types().filter((type) => type === 'success' || type === 'failure')).toEqual(['failure'])
      await client.close({ grace: Infinity })
    })
  }

  test('before the answer begins ends the exchange too', async () => {
    const server = await serverOf(() => {})
    const stream = clientOf(server.origin).stream(asked)
    const taken = wire.take(stream)
    await until(() => server.requests.length === 1)
    stream.cancel()
    expect((await taken).error).toMatchObject({ code: 'aborted', sent: true })
    await until(() => server.open() === 0, 500)
  })

  test('at the moment of the first pull sends nothing', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked)
    const pulled = stream[Symbol.asyncIterator]().next()
    stream.cancel('at once')
    await expect(pulled).rejects.toMatchObject({ code: 'aborted', cause: 'at once' })
    await turns(10)
    expect(server.requests).toHaveLength(0)
  })

  test('before the first pull makes no request', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked)
    stream.cancel('never')
    expect((await wire.take(stream)).error).toMatchObject({ code: 'aborted', cause: 'never', sent: false })
    expect(await wire.completionError(stream)).toMatchObject({ code: 'aborted' })
    expect(server.connections).toHaveLength(0)
  })

  test('a signal aborted before is heard at the pull', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked, { signal: AbortSignal.abort('early') })
    expect((await wire.take(stream)).error).toMatchObject({ code: 'aborted', cause: 'early' })
    expect(server.connections).toHaveLength(0)
  })

  test('during the wait between attempts ends it', async () => {
    const clock = testClock()
    const server = await serverOf((exchange) => exchange.json({}, { status: 500 }))
    const controller = countingSignal()
    const client = clientOf(server.origin, { clock, random: () => 0.9 })
    const taken = wire.take(client.stream(asked, { signal: controller.signal }))
    await until(() => server.requests.length === 1)
    await until(() => clock.asked.some((delay) => delay < 600 && delay > 400))
    controller.abort('enough')
    expect((await taken).error).toMatchObject({ code: 'aborted', cause: 'enough' })
    expect(controller.listeners()).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('from inside an observer gives nothing more', async () => {
    const server = await serverOf(whole)
    const held: { stream?: CompletionStream } = {}
    const client = clientOf(server.origin, {
      onEvent: ({ type }) => type === 'first_token' && held.stream?.cancel('seen enough'),
    })
    held.stream = client.stream(asked)
    const taken = await wire.take(held.stream)
    expect(taken.events).toEqual([])
    expect(taken.error).toMatchObject({ code: 'aborted', cause: 'seen enough' })
  })

  test('after the end changes nothing', async () => {
    const server = await serverOf(whole)
    const stream = clientOf(server.origin).stream(asked)
    expect((await wire.take(stream)).error).toBeUndefined()
    stream.cancel('late')
    await stream[Symbol.asyncDispose]()
    expect((await stream.completion).text).toBe(wire.TEXT)
  })

  test('nobody awaits a failed completion and nothing is unhandled', async () => {
    const server = await serverOf((exchange) => exchange.json({}, { status: 400 }))
    const stream = clientOf(server.origin).stream(asked)
    void stream.completion
    expect((await wire.take(stream)).error).toMatchObject({ code: 'invalid_request' })
    await turns(5)
  })

  test('the error is thrown once, then the events are over', async () => {
    const server = await serverOf((exchange) => exchange.json({}, { status: 400 }))
    const events = clientOf(server.origin).stream(asked)[Symbol.asyncIterator]()
    await expect(events.next()).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })
})

describe('closing the client', () => {
  test('lets a stream in flight finish within the grace', async () => {
    const server = await serverOf(async (exchange) => {
      wire.begin(exchange, wire.word('one'))
      await new Promise((resolve) => setTimeout(resolve, 80))
      exchange.chunk(wire.word(' two') + wire.finish() + wire.DONE)
      exchange.chunk('')
    })
    const client = clientOf(server.origin)
    const closing: Promise<void>[] = []
    const taken = await wire.take(client.stream(asked), ({ type }: StreamEvent) => {
      if (closing.length === 0 && type === 'text') closing.push(client.close({ grace: 5_000 }))
    })
    expect(taken).toMatchObject({ text: 'one two', error: undefined })
    await Promise.all(closing)
    await until(() => server.open() === 0)
  })

  test('aborts a stream in flight when the grace is over', async () => {
    const server = await serverOf(stalled)
    const client = clientOf(server.origin)
    const stream = client.stream(asked)
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    await client.close({ grace: 30 })
    await expect(events.next()).rejects.toMatchObject({ code: 'aborted', partial: { text: 'one' } })
    await until(() => server.open() === 0)
  })

  test('fails a stream that is first touched later', async () => {
    const server = await serverOf(whole)
    const client = clientOf(server.origin)
    const stream = client.stream(asked)
    await client.close()
    expect((await wire.take(stream)).error).toMatchObject({ code: 'aborted' })
    expect(server.connections).toHaveLength(0)
  })
})
