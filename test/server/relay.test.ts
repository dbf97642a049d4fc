import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CompletionError, type StreamEvent as Event, readEvents } from '../../src/index.ts'
import { type RelayOptions, relay, relayResponse } from '../../src/server.ts'
import { bareClient, handledServer, http2Session } from '../support/http-server.ts'
import { until } from '../support/receive.ts'

/** A stream that gives what the test pushes, and notes how it was left. */
function scripted() {
  const queue: (Event | Error | 'end')[] = []
  let wake: () => void = () => {}
  const stream = {
    pulled: 0,
    cancelled: [] as unknown[],
    push(...events: (Event | Error | 'end')[]) {
      queue.push(...events)
      wake()
    },
    cancel(reason?: unknown) {
      stream.cancelled.push(reason)
      queue.unshift(new CompletionError({ code: 'aborted', message: 'aborted', cause: reason }))
      wake()
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
      for (;;) {
        while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        const next = queue.shift() as Event | Error | 'end'
        if (next === 'end') return
        if (next instanceof Error) throw next
        stream.pulled++
        yield next
      }
    },
  }
  return stream
}

const EVENTS_TYPE = 'text/event-stream; charset=utf-8'
const text = (words: string): Event => ({ type: 'text', text: words })
const RETRY: Event = { type: 'retry', attempt: 1 }
const USAGE: Event = { type: 'usage', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }
const FINISH: Event = { type: 'finish', finishReason: 'stop' }
const limited = () => new CompletionError({ code: 'rate_limit', message: 'rate_limit: slow down', retryAfterMs: 7_000 })

function failingWith(init: ConstructorParameters<typeof CompletionError>[0]) {
  const stream = scripted()
  stream.push(text('half'), new CompletionError(init))
  return stream
}

/** A relayed stream with a bare client on the other side. */
async function relayed(options: RelayOptions = {}) {
  const server = await handledServer()
  const client = bareClient(server.port)
  const { request, response } = await server.next()
  const stream = scripted()
  const done = relay(stream, response, options)
  return { server, client, request, response, stream, done, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

describe('a relayed stream', () => {
  it('reaches the client event by event, unbuffered', async () => {
    await using test = await relayed()
    test.stream.push(text('one'))
    await test.client.sees(/data: {"type":"text","text":"one"}\n\n/)
    expect(test.client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(test.client.text()).toMatch(/content-type: text\/event-stream/i)
    expect(test.client.text()).toMatch(/cache-control: no-cache, no-transform\r\nx-accel-buffering: no/i)
    test.stream.push(text('two'), FINISH, 'end')
    await test.done
    await test.client.sees(/two.*finish.*0\r\n\r\n/s)
  })

  it('holds the status line until the first content', async () => {
    await using test = await relayed()
    test.stream.push(RETRY, { type: 'ping' }, USAGE)
    await until(() => test.stream.pulled === 3)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(test.response.headersSent).toBe(false)
    test.stream.push(limited())
    await test.done
    await test.client.sees(/"code":"rate_limit"/)
    expect(test.client.text()).toMatch(/^HTTP\/1\.1 429 /)
    expect(test.client.text()).toMatch(/content-type: application\/problem\+json/i)
    expect(test.client.text()).toMatch(/retry-after: 7/i)
  })

  it('gives what was held with the first content', async () => {
    await using test = await relayed()
    test.stream.push(RETRY, text('one'), 'end')
    await test.done
    await test.client.sees(/"one"/)
    expect(test.client.text()).toMatch(/{"type":"retry","attempt":1}\n\ndata: {"type":"text"/)
  })

  it('beats while events come of which nothing is written', async () => {
    await using test = await relayed({ heartbeat: 60 })
    const pinging = setInterval(() => test.stream.push({ type: 'ping' }), 10)
    await test.client.sees(/: ?\n\n|: /)
    clearInterval(pinging)
    expect(test.stream.pulled).toBeGreaterThan(1)
    test.stream.push(text('one'), 'end')
    await test.done
    await test.client.sees(/"one"/)
  })

  it('writes nothing of a format that gives nothing', async () => {
    await using test = await relayed({ format: () => undefined as never })
    test.stream.push(text('one'), 'end')
    await test.done
    await test.client.sees(/"status":500/)
    expect(test.client.text()).not.toContain('undefined')
  })

  it('leaves a response that somebody else has ended', async () => {
    await using test = await relayed()
    test.stream.push(text('one'))
    await test.client.sees(/one/)
    test.response.end()
    test.stream.push(text('two'))
    await test.done
    expect(test.stream.cancelled).not.toHaveLength(0)
  })

  it('asks nothing for a response that has ended', async () => {
    await using server = await handledServer()
    bareClient(server.port)
    const { response } = await server.next()
    response.end('too late')
    const stream = scripted()
    await relay(stream, response)
    expect([stream.pulled, stream.cancelled.length]).toEqual([0, 1])
  })

  it('tells even an early failure as an event where the status line has gone', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { response } = await server.next()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    const stream = scripted()
    stream.push(limited())
    await relay(stream, response)
    await client.sees(/data: {"type":"error","error":{.*"code":"rate_limit".*0\r\n\r\n/s)
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('stands an onError that throws', async () => {
    await using test = await relayed({
      onError() {
        throw new Error('the log is full')
      },
    })
    test.stream.push(text('half'), limited())
    await test.done
    await test.client.sees(/half.*"code":"rate_limit".*0\r\n\r\n/s)
  })

  it('tells a late failure as its last event', async () => {
    const errors: unknown[] = []
    await using test = await relayed({ onError: (error) => errors.push(error) })
    const error = limited()
    test.stream.push(text('half'), error)
    await test.done
    await test.client.sees(/half.*data: {"type":"error","error":{.*"code":"rate_limit".*}}\n\n\r\n0\r\n\r\n/s)
    expect(errors).toEqual([error])
  })

  it('tells of a late failure whether another try may help, and which limit it was', async () => {
    const bytes = await relayResponse(failingWith({ code: 'timeout', phase: 'idle', message: 'm', retryable: true }))
    const read = async (): Promise<void> => {
      for await (const event of readEvents(bytes)) expect(event).toEqual(text('half'))
    }
    await expect(read()).rejects.toMatchObject({ code: 'timeout', phase: 'idle', retryable: true })
  })

  it('ends with a response that somebody else ends while its client does not read', async () => {
    await using test = await relayed({ heartbeat: 20 })
    test.client.socket.pause()
    test.stream.push(text('x'.repeat(16_000_000)))
    await until(() => test.response.writableNeedDrain)
    test.response.end()
    await test.done
    expect(test.stream.cancelled).toHaveLength(1)
  })

  it('ends with a stream that fails while its client does not read', async () => {
    const server = await handledServer()
    const client = bareClient(server.port)
    const { response } = await server.next()
    let reject!: (error: unknown) => void
    const completion = new Promise<never>((_, fail) => (reject = fail))
    const stream = { ...scripted(), completion }
    client.socket.pause()
    const done = relay(stream, response)
    stream.push(text('x'.repeat(16_000_000)))
    await until(() => response.writableNeedDrain)
    const error = limited()
    stream.push(error)
    reject(error)
    await done
    expect(response.writableEnded).toBe(true)
    client.socket.resume()
    await client.sees(/"code":"rate_limit".*0\r\n\r\n/s)
    expect(response.listenerCount('drain')).toBe(0)
    await server[Symbol.asyncDispose]()
  })

  it('cancels the stream when the client leaves', async () => {
    await using test = await relayed()
    test.stream.push(text('one'))
    await test.client.sees(/one/)
    test.client.leave()
    await test.done
    expect(test.stream.cancelled[0]).toMatchObject({ code: 'CLIENT_GONE' })
  })

  it('cancels the stream when the client leaves before any content', async () => {
    await using test = await relayed()
    test.client.leave()
    await test.done
    expect([test.stream.cancelled.length > 0, test.response.headersSent]).toEqual([true, false])
  })

  it('is not begun for a client who has left', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { response } = await server.next()
    client.leave()
    await until(() => response.destroyed)
    const stream = scripted()
    await relay(stream, response)
    expect([stream.pulled, stream.cancelled.length]).toEqual([0, 1])
  })

  it('writes comments while the model is silent', async () => {
    await using test = await relayed({ heartbeat: 20 })
    await test.client.sees(/200 OK.*: ping\n\n.*: ping\n\n.*: ping\n\n/s)
    test.stream.push(text('late'), 'end')
    await test.done
    await test.client.sees(/late/)
    expect(test.client.text().match(/^HTTP/g)).toHaveLength(1)
  })

  it('tells a failure after a heartbeat as an event', async () => {
    await using test = await relayed({ heartbeat: 20 })
    await test.client.sees(/: ping\n\n/)
    test.stream.push(limited())
    await test.done
    await test.client.sees(/"type":"error"/)
    expect(test.client.text()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('reads no faster than the client', async () => {
    await using test = await relayed()
    const large = text('x'.repeat(256 * 1024))
    test.client.socket.pause()
    for (let index = 0; index < 200; index++) test.stream.push(large)
    await until(() => test.response.writableNeedDrain)
    const before = test.stream.pulled
    expect(before).toBeLessThan(100)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(test.stream.pulled).toBe(before)
    test.client.socket.resume()
    test.stream.push('end')
    await test.done
    expect(test.stream.pulled).toBe(200)
  })

  it('may be written in a format of the caller', async () => {
    await using test = await relayed({ format: (event) => (event.type === 'text' ? `data: ${event.text}\n\n` : '') })
    test.stream.push(text('hi'), FINISH, 'end')
    await test.done
    await test.client.sees(/data: hi\n\n\r\n0\r\n/)
    expect(test.client.text()).not.toContain('finish')
  })

  it('leaves nothing on the response', async () => {
    await using test = await relayed({ heartbeat: 10 })
    test.stream.push(text('x'.repeat(1024 * 1024)), 'end')
    await test.done
    await until(() => test.response.listenerCount('close') === 0)
    expect(test.response.listenerCount('drain')).toBe(0)
  })

  it('keeps the headers of a reply that it takes over', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { response } = await server.next()
    const stream = scripted()
    stream.push(text('one'), 'end')
    const reply = { raw: response, hijacked: 0, getHeaders: () => ({ 'access-control-allow-origin': '*' }) }
    await relay(stream, Object.assign(reply, { hijack: () => reply.hijacked++ }))
    await client.sees(/access-control-allow-origin: \*/i)
    expect(reply.hijacked).toBe(1)
  })

  it('sends a length and an encoding of nobody else', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { response } = await server.next()
    response.setHeader('content-length', 5).setHeader('content-encoding', 'gzip')
    const stream = scripted()
    stream.push(text('one'), 'end')
    await relay(stream, response)
    await client.sees(/"one"/)
    expect(client.text()).not.toMatch(/content-(length|encoding)/i)
  })

  it('speaks HTTP/2', async () => {
    const streams: ReturnType<typeof scripted>[] = []
    await using served = await http2Session((_, response) => {
      const stream = scripted()
      streams.push(stream)
      void relay(stream, response)
    })
    const { session } = served
    const client = session.request({ ':method': 'POST' }).setEncoding('utf8')
    let seen = ''
    client.on('data', (chunk: string) => (seen += chunk)).end('{}')
    await until(() => streams.length === 1)
    streams[0]?.push(text('one'))
    await until(() => seen.includes('"one"'))
    client.close(8)
    await until(() => (streams[0]?.cancelled.length ?? 0) > 0)
    expect(streams[0]?.cancelled[0]).toMatchObject({ code: 'CLIENT_GONE' })
  })

  it('asks nothing for a HEAD, which HTTP/2 closes with its head', async () => {
    const settled: unknown[] = []
    const stream = scripted()
    await using served = await http2Session(
      (_, response) => void relay(stream, response).then(() => settled.push(response)),
    )
    const { session } = served
    const client = session.request({ ':method': 'HEAD' })
    const [headers] = (await once(client, 'response')) as [Record<string, unknown>]
    client.resume().end()
    await until(() => settled.length === 1)
    expect([headers[':status'], headers['content-type'], stream.pulled]).toEqual([200, EVENTS_TYPE, 0])
    expect(stream.cancelled).toEqual([undefined])
  })

  it('leaves a stream to whoever reads it', async () => {
    const stream = scripted()
    const taken = { ...stream, [Symbol.asyncIterator]: () => fail() }
    const fail = (): never => {
      throw new TypeError('one consumer')
    }
    const thrown: unknown[] = []
    await expect(relayResponse(taken, { onError: (error) => thrown.push(error) })).resolves.toMatchObject({
      status: 500,
    })
    expect([thrown.length, stream.cancelled.length]).toEqual([1, 0])
  })

  it.each<[string, object]>([
    ['clock', { clock: {} }],
    ['onError', { onError: 'log' }],
    ['heartbeat', { heartbeat: 0 }],
  ])('refuses a wrong %s', async (name, options) => {
    await expect(relayResponse(scripted(), options)).rejects.toThrow(new RegExp(`^${name} must be`))
  })

  it('refuses what it cannot write to', async () => {
    const stream = scripted()
    await expect(relay(stream, {})).rejects.toThrow(/relayResponse/)
    await expect(relay(stream, {}, { heartbeat: 0 })).rejects.toThrow(/^heartbeat must be/)
    await expect(relayResponse(stream, { format: 'xml' as never })).rejects.toThrow(/^format must be/)
  })
})

describe('a relayed web response', () => {
  it('streams events and ends', async () => {
    const stream = scripted()
    stream.push(text('one'), FINISH, 'end')
    const response = await relayResponse(stream)
    expect([response.status, response.headers.get('x-accel-buffering')]).toEqual([200, 'no'])
    expect(await response.text()).toBe(
      'data: {"type":"text","text":"one"}\n\ndata: {"type":"finish","finishReason":"stop"}\n\n',
    )
  })

  it('has the status of an early failure', async () => {
    const stream = scripted()
    stream.push(RETRY, limited())
    const response = await relayResponse(stream)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await response.json()).toMatchObject({ code: 'rate_limit' })
  })

  it('tells a late failure as its last event', async () => {
    const stream = scripted()
    stream.push(text('half'), limited())
    const events: Event[] = []
    const read = async () => {
      for await (const event of readEvents(await relayResponse(stream))) events.push(event)
    }
    await expect(read()).rejects.toMatchObject({ code: 'rate_limit', retryAfterMs: 7_000, status: 429 })
    expect(events).toEqual([text('half')])
  })

  it("tells a late failure in words that are not the provider's", async () => {
    const stream = scripted()
    stream.push(text('half'), new CompletionError({ code: 'authentication', message: 'authentication: bad key sk-1' }))
    const body = await (await relayResponse(stream)).text()
    expect(body).toMatch(/"code":"server_error"/)
    expect(body).not.toMatch(/sk-1|authentication/)
  })

  it("speaks OpenAI's wire where it is asked to", async () => {
    const written = async (...events: (Event | Error | 'end')[]) => {
      const stream = scripted()
      stream.push(...events)
      return (await relayResponse(stream, { format: 'openai' })).text()
    }
    expect(await written(text('one'), FINISH, 'end')).toMatch(
      /"delta":{"role":"assistant","content":"one"}.*"stop".*data: \[DONE\]\n\n$/s,
    )
    expect(await written(text('half'), limited())).toMatch(/data: {"error":{.*"type":"rate_limit"[^\n]*\n\n$/s)
  })

  it('cancels the stream with its body', async () => {
    const stream = scripted()
    stream.push(text('one'))
    const response = await relayResponse(stream)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    const pending = reader.read()
    await reader.cancel('left')
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(stream.cancelled[0]).toBe('left')
  })

  it('begins with a heartbeat where the model is silent', async () => {
    const stream = scripted()
    const response = await relayResponse(stream, { heartbeat: 10 })
    stream.push(text('late'), 'end')
    expect(await response.text()).toMatch(/^(: ping\n\n)+data: .*late/)
  })

  it('reads nothing ahead of the client', async () => {
    const stream = scripted()
    stream.push(text('one'), text('two'), text('three'), 'end')
    const response = await relayResponse(stream)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(stream.pulled).toBe(1)
    await response.text()
    expect(stream.pulled).toBe(3)
  })
})
