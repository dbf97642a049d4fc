import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Agent, MockAgent } from 'undici'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClient, openai } from '../../src/index.ts'
import { asked, clientOf, failureOf, KEY, silence } from '../support/call.ts'
import { ANSWER, answering, chat, steps } from '../support/chat.ts'
import { faultServer, loopbackPem } from '../support/fault-server.ts'
import { type FrameExchange, http2Frames } from '../support/http2-frames.ts'
import { http2Server } from '../support/http2-server.ts'
import { proxyServer } from '../support/proxy-server.ts'
import { until } from '../support/receive.ts'

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), loopbackPem]))
afterEach(() => vi.unstubAllEnvs())

describe('over HTTP/2', () => {
  test('calls share one connection', async () => {
    await using server = await http2Server((exchange) => exchange.json(chat()))
    const client = clientOf(server.origin)
    await client.complete(asked)
    const all = await Promise.all(Array.from({ length: 20 }, () => client.complete(asked)))
    expect(all.map(({ text }) => text)).toEqual(Array(20).fill(ANSWER))
    expect(server.sessions).toHaveLength(1)
  })

  test('an abort resets its stream and nothing else', async () => {
    await using server = await http2Server((exchange) => {
      if (exchange.index !== 1) exchange.json(chat())
    })
    const client = clientOf(server.origin)
    await client.complete(asked)
    expect(await failureOf(client.complete(asked, { timeout: 60 }))).toMatchObject({ phase: 'total', sent: true })
    await until(() => server.requests[1]?.stream.destroyed === true)
    expect((await client.complete(asked)).text).toBe(ANSWER)
    expect(server.sessions).toHaveLength(1)
  })

  test.each([503, 429])('status %i is tried again', async (status) => {
    await using server = await http2Server((exchange) => {
      if (exchange.index > 0) exchange.json(chat())
      else exchange.json({ error: { message: 'later' } }, status)
    })
    expect((await clientOf(server.origin).complete(asked)).attempts.map((one) => one.status)).toEqual([status, 200])
  })

  test('a request that is given back unread is sent once more, and the attempt says so', async () => {
    await using server = await http2Frames(refusingOnce)
    const { text, attempts } = await clientOf(server.url().origin).complete(asked)
    expect(text).toBe(ANSWER)
    expect(attempts).toMatchObject([{ outcome: 'ok', reconnect: true }])
  })

  test('with retry: false nothing is sent twice', async () => {
    let seen = 0
    await using server = await http2Frames((exchange) => {
      seen++
      refusingOnce(exchange)
    })
    const error = await failureOf(clientOf(server.url().origin, { retry: false }).complete(asked))
    expect(error).toMatchObject({ code: 'network', retryable: true, sent: true, attempts: [{ outcome: 'error' }] })
    expect(seen).toBe(1)
  })

  test('a session that is lost is made again', async () => {
    await using server = await http2Server((exchange) => {
      if (exchange.index === 1) server.sessions[0]?.destroy()
      else exchange.json(chat())
    })
    const client = clientOf(server.origin)
    await client.complete(asked)
    expect((await client.complete(asked)).text).toBe(ANSWER)
    expect(server.sessions).toHaveLength(2)
  })
})

function refusingOnce(exchange: FrameExchange): void {
  if (exchange.index === 0) return exchange.reset(7)
  exchange.headers()
  exchange.data(JSON.stringify(chat()), { end: true })
}

describe('through a proxy', () => {
  test.each(['http', 'https'] as const)('an %s call takes the one that is given', async (scheme) => {
    await using proxy = await proxyServer()
    await using server = await faultServer(answering, { tls: scheme === 'https' })
    const { text } = await clientOf(server.origin, { proxy: new URL(proxy.origin) }).complete(asked)
    expect(text).toBe(ANSWER)
    expect(proxy.seen[0]).toContain(scheme === 'https' ? `CONNECT 127.0.0.1:${server.port}` : 'POST http://')
  })

  test('the environment names it, and NO_PROXY excepts', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer(answering, { tls: true })
    vi.stubEnv('HTTPS_PROXY', proxy.origin)
    vi.stubEnv('NO_PROXY', '')
    vi.stubEnv('no_proxy', '')
    const client = clientOf(server.origin, { proxy: 'env' })
    await client.complete(asked)
    expect(proxy.seen).toHaveLength(1)
    vi.stubEnv('NO_PROXY', '127.0.0.1')
    await client.complete(asked)
    await client.complete(asked, { proxy: false })
    expect(proxy.seen).toHaveLength(1)
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    [
      407,
      {
        code: 'authentication',
        retryable: false,
        message: expect.stringMatching(/user and the password in the proxy's URL/) as string,
      },
    ],
    [403, { code: 'network', retryable: false }],
    [502, { code: 'network', retryable: true }],
  ])('that refuses its tunnel with %i says so', async (connectStatus, expected) => {
    await using proxy = await proxyServer({ connectStatus })
    const client = clientOf('https://model.invalid', { proxy: proxy.origin })
    const error = await failureOf(client.complete(asked))
    expect(error).toMatchObject({ ...expected, sent: false })
    expect(error.message).toContain('proxy')
    await until(() => proxy.open() === 0)
  })

  test('that never opens its tunnel meets the connect limit', async () => {
    await using proxy = await proxyServer({ connectStatus: 0 })
    const client = clientOf('https://model.invalid', { proxy: proxy.origin })
    const error = await failureOf(client.complete(asked, { timeout: { connect: 60 }, retry: 0 }))
    expect(error).toMatchObject({ code: 'timeout', phase: 'connect', sent: false })
    await until(() => proxy.open() === 0)
  })

  test('the key stays out of the tunnel request', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer(answering, { tls: true })
    await clientOf(server.origin, { proxy: proxy.origin }).complete(asked)
    expect(proxy.credentials).toEqual([undefined])
    expect(server.requests[0]?.headers['authorization']).toBe(`Bearer ${KEY}`)
  })
})

describe("a caller's dispatcher", () => {
  test('carries calls and is not closed', async () => {
    await using server = await faultServer(steps((exchange) => exchange.reset(), answering))
    const dispatcher = new Agent()
    const client = clientOf(server.origin, { dispatcher })
    expect((await client.complete(asked)).attempts).toHaveLength(2)
    await client.close()
    expect([dispatcher.closed, dispatcher.destroyed]).toEqual([false, false])
    await dispatcher.destroy()
  })

  test('may be a mock', async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock.get('http://local').intercept({ path: '/v1/chat/completions', method: 'POST' }).reply(200, chat())
    expect((await clientOf('http://local', { dispatcher: mock }).complete(asked)).text).toBe(ANSWER)
    await mock.close()
  })

  test('that throws is an error of the call', async () => {
    const dispatcher = {
      dispatch(): boolean {
        throw Object.assign(new Error('invalid onConnect method'), { code: 'UND_ERR_INVALID_ARG' })
      },
    }
    const error = await failureOf(clientOf('http://local', { dispatcher }).complete(asked))
    expect(error).toMatchObject({ code: 'invalid_request', retryable: false, sent: false })
  })
})

test('a dispatcher that the host has set is used', async () => {
  const key = Symbol.for('undici.globalDispatcher.2')
  const globals = globalThis as unknown as Record<symbol, unknown>
  const before = globals[key]
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock.get('http://local').intercept({ path: '/v1/chat/completions', method: 'POST' }).reply(200, chat())
  globals[key] = mock
  try {
    const provider = openai({ apiKey: 'k', baseURL: 'http://local/v1' })
    expect((await createClient({ provider, model: 'm' }).complete(asked)).text).toBe(ANSWER)
  } finally {
    globals[key] = before
    await mock.close()
  }
})

describe('a fetch', () => {
  test("'global' is looked up at each attempt", async () => {
    const real = globalThis.fetch
    const seen: string[] = []
    const patch = (name: string, status: number): void => {
      globalThis.fetch = async () => {
        seen.push(name)
        patch('second', 200)
        return new Response(JSON.stringify(chat()), { status })
      }
    }
    try {
      patch('first', 500)
      await clientOf('http://local', { fetch: 'global' }).complete(asked)
      expect(seen).toEqual(['first', 'second'])
    } finally {
      globalThis.fetch = real
    }
  })

  test.each<[string, () => unknown, object]>([
    [
      'throws at once',
      () => {
        throw new TypeError('fetch failed')
      },
      { code: 'network', retryable: true },
    ],
    ['rejects with nothing', () => Promise.reject<Response>(), { code: 'network' }],
    ['gives no Response', () => Promise.resolve('<html>'), { code: 'network', retryable: false }],
    [
      'aborts by itself',
      () => Promise.reject(new DOMException('mine', 'AbortError')),
      { code: 'aborted', retryable: false },
    ],
    [
      'gives a body that was read',
      async () => {
        const response = new Response('{}')
        await response.text()
        return response
      },
      { retryable: false },
    ],
  ])('that %s is an error, classified', async (_what, fetch, expected) => {
    const error = await failureOf(clientOf('http://local', { fetch: fetch as never, retry: 0 }).complete(asked))
    expect(error).toMatchObject(expected)
  })

  test('is given a signal of ours that is aborted at the end', async () => {
    let signal: AbortSignal | null | undefined
    const fetch = (_url: unknown, init?: RequestInit): Promise<Response> => {
      signal = init?.signal
      return silence(init ?? {})
    }
    const own = new AbortController()
    await failureOf(
      clientOf('http://local', { fetch: fetch as never }).complete(asked, { timeout: 30, signal: own.signal }),
    )
    expect(signal).not.toBe(own.signal)
    expect(signal?.aborted).toBe(true)
  })
})
