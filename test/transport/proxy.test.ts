import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openNodeTransports } from '../../src/transport/node.ts'
import { proxyFromEnvironment } from '../../src/transport/proxy-environment.ts'
import { faultServer, loopbackPem, refusedPort } from '../support/fault-server.ts'
import { http2Server } from '../support/http2-server.ts'
import { proxyServer } from '../support/proxy-server.ts'
import { post, receive, until } from '../support/receive.ts'

const NAMES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), loopbackPem]))
beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, undefined)
})
afterEach(() => vi.unstubAllEnvs())

describe('a proxy', () => {
  test('opens a tunnel to an https origin', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer((exchange) => exchange.json({ ok: true }), { tls: true })
    const transports = openNodeTransports()
    const transport = transports.pick({ proxy: proxy.origin.replace('://', '://us%40er:p%3Ass@') })
    const first = await receive(transport, post(server.url('/v1'))).done
    await new Promise((resolve) => setImmediate(resolve))
    const second = await receive(transport, post(server.url('/v1'))).done
    expect(first).toMatchObject({ status: 200, reused: false, text: '{"ok":true}' })
    expect(second.reused).toBe(true)
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${server.port}`])
    expect(proxy.credentials).toEqual([`Basic ${btoa('us@er:p:ss')}`])
    expect(server.requests[0]).toMatchObject({ path: '/v1' })
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
    transports.close()
    await until(() => proxy.open() === 0)
  })

  test('carries HTTP/2', async () => {
    await using proxy = await proxyServer()
    await using server = await http2Server((exchange) => exchange.json({ n: exchange.index }))
    const transports = openNodeTransports()
    const received = await receive(transports.pick({ proxy: proxy.origin }), post(server.url())).done
    expect(received).toMatchObject({ status: 200, text: '{"n":0}' })
    transports.close()
  })

  test('is asked for the whole URL of an http origin', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer((exchange) => exchange.json({ ok: true }))
    const transports = openNodeTransports()
    const transport = transports.pick({ proxy: proxy.origin.replace('://', '://user@') })
    const received = await receive(transport, post(server.url('/v1?q=1'))).done
    expect(received).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect(proxy.seen).toEqual([`POST ${server.origin}/v1?q=1`])
    expect(proxy.credentials).toEqual([`Basic ${btoa('user:')}`])
    expect(server.requests[0]).toMatchObject({ path: '/v1?q=1', headers: { host: `127.0.0.1:${server.port}` } })
    transports.close()
  })

  test('keeps its connections until a hundred others are used, and serves who holds them still', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer((exchange) => exchange.json({ ok: true }))
    const transports = openNodeTransports()
    const tenant = (name: string) => transports.pick({ proxy: proxy.origin.replace('://', `://${name}:secret@`) })
    const [rare, regular] = [tenant('rare'), tenant('regular')]
    await receive(rare, post(server.url())).done
    await new Promise((resolve) => setImmediate(resolve))
    for (let other = 0; other < 100; other++) {
      tenant(`other-${other}`)
      expect(tenant('regular')).toBe(regular)
    }
    expect(await receive(rare, post(server.url())).done).toMatchObject({ status: 200, reused: true })
    expect(tenant('rare')).not.toBe(rare)
    transports.close()
  })

  test.each([
    ['https://a.example/v1', 'a.example:443'],
    ['https://a.example:8443', 'a.example:8443'],
    ['https://[::1]/v1', '[::1]:443'],
  ])('is asked for %s by name and port', async (url, target) => {
    await using proxy = await proxyServer({ connectStatus: 502 })
    const transports = openNodeTransports()
    await receive(transports.pick({ proxy: proxy.origin }), post(new URL(url))).done
    expect([proxy.seen, proxy.hosts]).toEqual([[`CONNECT ${target}`], [target]])
    transports.close()
  })

  test('may speak TLS itself', async () => {
    await using proxy = await proxyServer({ tls: true })
    await using server = await faultServer((exchange) => exchange.json({ ok: true }))
    const transports = openNodeTransports()
    const received = await receive(transports.pick({ proxy: proxy.origin }), post(server.url('/v1'))).done
    expect(received).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect(proxy.seen).toEqual([`POST ${server.origin}/v1`])
    transports.close()
  })

  test('may answer in pieces, and provisionally before', async () => {
    const connectAnswer = ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Conn', 'ection established\r\n', '\r\n']
    await using proxy = await proxyServer({ connectAnswer })
    await using server = await faultServer((exchange) => exchange.json({ ok: true }), { tls: true })
    const transports = openNodeTransports()
    const received = await receive(transports.pick({ proxy: proxy.origin }), post(server.url('/v1'))).done
    expect(received).toMatchObject({ status: 200, text: '{"ok":true}' })
    transports.close()
  })

  test.each(['HTTP/1.1 407 Refused\r\n\r\n', `HTTP/1.1 ${'x'.repeat(20_000)}`])(
    'that answers %.12s loses its connection, though it keeps it open',
    async (answer) => {
      await using proxy = await proxyServer({ connectAnswer: [answer] })
      const transports = openNodeTransports()
      const received = await receive(transports.pick({ proxy: proxy.origin }), post(new URL('https://a.example'))).done
      expect(received).toMatchObject({ order: ['error'], error: { name: 'ProxyTunnelError' } })
      await until(() => proxy.open() === 0)
      transports.close()
    },
  )

  test.each([
    [407, /credentials are missing or wrong/],
    [502, /answered 502/],
  ])('that refuses the tunnel with %i is an error before sending', async (connectStatus, message) => {
    await using proxy = await proxyServer({ connectStatus })
    const transports = openNodeTransports()
    const received = await receive(transports.pick({ proxy: proxy.origin }), post(new URL('https://a.example'))).done
    expect(received).toMatchObject({ order: ['error'], error: { name: 'ProxyTunnelError', statusCode: connectStatus } })
    expect(String(received.error)).toMatch(message)
    transports.close()
  })

  test('that cannot be reached is an error before sending', async () => {
    const transports = openNodeTransports()
    const transport = transports.pick({ proxy: `http://127.0.0.1:${await refusedPort()}` })
    const received = await receive(transport, post(new URL('https://a.example'))).done
    expect(received).toMatchObject({ order: ['error'], error: { code: 'ECONNREFUSED' } })
  })

  test.each(['end', 'reset'] as const)('that closes by %s instead of answering is an error', async (how) => {
    await using proxy = await faultServer((exchange) => exchange.connection[how]())
    const transports = openNodeTransports()
    const received = await receive(transports.pick({ proxy: proxy.origin }), post(new URL('https://a.example'))).done
    expect(received.order).toEqual(['error'])
    expect(proxy.connections).toHaveLength(1)
  })

  test('that never answers loses its connection with the exchange', async () => {
    await using proxy = await proxyServer({ connectStatus: 0 })
    const transports = openNodeTransports()
    const received = receive(transports.pick({ proxy: proxy.origin }), post(new URL('https://a.example')))
    await until(() => proxy.seen.length === 1)
    received.exchange.cancel('enough')
    await until(() => proxy.open() === 0)
    expect(received.order).toEqual([])
  })

  test('whose origin never finishes TLS loses its connection with the exchange', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer(() => {}, { onConnection: () => false })
    const transports = openNodeTransports()
    const url = new URL(server.origin.replace('http:', 'https:'))
    const received = receive(transports.pick({ proxy: proxy.origin }), post(url))
    await until(() => server.connections.length === 1)
    received.exchange.cancel('enough')
    await until(() => proxy.open() === 0 && server.open() === 0)
    expect(received.order).toEqual([])
  })

  test.each(['no url at all', 'http://us%er:p@127.0.0.1:1080', 'socks5://127.0.0.1:1080'])(
    'given as %s is a TypeError that names the option',
    (proxy) => {
      expect(() => openNodeTransports().pick({ proxy })).toThrow(/^proxy: /)
    },
  )
})

describe('the environment', () => {
  test('is read for each exchange', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer((exchange) => exchange.json({}))
    const transports = openNodeTransports()
    const transport = transports.pick({ proxy: 'env' })
    await receive(transport, post(server.url())).done
    vi.stubEnv('HTTP_PROXY', proxy.origin)
    await receive(transport, post(server.url())).done
    vi.stubEnv('NO_PROXY', '127.0.0.1')
    await receive(transport, post(server.url())).done
    expect(proxy.seen).toHaveLength(1)
    expect(server.requests).toHaveLength(3)
    transports.close()
  })

  test('that names no URL fails the exchange without repeating the value', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://user:secret@[')
    const received = await receive(openNodeTransports().pick({ proxy: 'env' }), post(new URL('http://a.example'))).done
    expect(received).toMatchObject({ order: ['error'], error: { name: 'TypeError', message: 'HTTP_PROXY: not a URL' } })
  })

  test.each<[string, Record<string, string>, string | undefined]>([
    ['http://a.example', {}, undefined],
    ['http://a.example', { HTTP_PROXY: 'p' }, 'p'],
    ['http://a.example', { HTTP_PROXY: 'p', http_proxy: 'q' }, 'q'],
    ['http://a.example', { HTTPS_PROXY: 'p' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p' }, 'p'],
    ['https://a.example', { HTTPS_PROXY: '' }, undefined],
    ['https://a.example', { HTTP_PROXY: 'p' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: '*' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: 'b.example, A.Example' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p', no_proxy: 'example', NO_PROXY: '' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: '.example' }, undefined],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: '*.example' }, undefined],
    ['https://example.com', { HTTPS_PROXY: 'p', NO_PROXY: '*.example.com' }, 'p'],
    ['https://example.com.', { HTTPS_PROXY: 'p', NO_PROXY: 'example.com' }, undefined],
    ['https://notexample.com', { HTTPS_PROXY: 'p', NO_PROXY: 'example.com' }, 'p'],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: 'a.example:443' }, undefined],
    ['https://a.example:8443', { HTTPS_PROXY: 'p', NO_PROXY: 'a.example:443' }, 'p'],
    ['https://[::1]:8443', { HTTPS_PROXY: 'p', NO_PROXY: '::1' }, undefined],
    ['https://[::1]:8443', { HTTPS_PROXY: 'p', NO_PROXY: '[::1]:8443' }, undefined],
    ['https://[::1]:8443', { HTTPS_PROXY: 'p', NO_PROXY: '[::1]:443' }, 'p'],
    ['https://a.example', { HTTPS_PROXY: 'p', NO_PROXY: ' , ' }, 'p'],
  ])('sends %s with %o through %s', (url, environment, proxy) => {
    expect(proxyFromEnvironment(new URL(url), environment)).toBe(proxy)
  })
})
