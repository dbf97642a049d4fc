import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFetchTransport } from '../../src/transport/fetch.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { openUndiciTransport } from '../../src/transport/undici.ts'
import { type Connection, type FaultExchange, faultServer, refusedPort } from '../support/fault-server.ts'
import { post, receive, until } from '../support/receive.ts'

const KINDS: Record<string, () => Transport> = {
  undici: () => openUndiciTransport(),
  'global fetch': () => openFetchTransport('global'),
}

const UNTRUSTED = { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }

describe.each(Object.keys(KINDS))('%s', (kind) => {
  let transport: Transport
  beforeAll(() => {
    transport = (KINDS[kind] as () => Transport)()
  })
  afterAll(() => transport.close())

  test('tells sent, headers, data and end in order', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json({ ok: true }, { status: 201, headers: { 'X-Request-Id': 'a', 'set-cookie': 'b' } }),
    )
    const received = await receive(transport, post(server.url('/v1?q=1'))).done
    expect(received).toMatchObject({
      order: ['sent', 'headers', 'data', 'end'],
      status: 201,
      text: '{"ok":true}',
      reused: false,
    })
    expect(received.headers).toMatchObject({ 'x-request-id': 'a', 'content-type': 'application/json' })
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1?q=1',
      body: '{"question":1}',
      headers: expect.objectContaining({ 'content-type': 'application/json', 'content-length': '14' }),
    })
  })

  test('joins repeated response headers', async () => {
    await using server = await faultServer((exchange) =>
      exchange.write('HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n'),
    )
    const { headers } = await receive(transport, post(server.url())).done
    expect(headers['x-a']).toBe('1, 2')
  })

  test('sends bytes as they are', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    await receive(transport, post(server.url(), { body: new TextEncoder().encode('{"a":"é"}') })).done
    expect(server.requests[0]?.body).toBe('{"a":"é"}')
  })

  test('ends without data where the body is empty', async () => {
    await using server = await faultServer((exchange) => exchange.respond('', { status: 204 }))
    const received = await receive(transport, post(server.url())).done
    expect(received.order).toEqual(['sent', 'headers', 'end'])
  })

  test('does not follow a redirect', async () => {
    await using server = await faultServer((exchange) =>
      exchange.respond('', { status: 307, headers: { location: '/elsewhere' } }),
    )
    const received = await receive(transport, post(server.url())).done
    expect(received.status).toBe(307)
    expect(received.headers['location']).toBe('/elsewhere')
    expect(server.requests).toHaveLength(1)
  })

  test('does not report interim responses', async () => {
    await using server = await faultServer((exchange) => {
      exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      exchange.json({ late: true })
    })
    const received = await receive(transport, post(server.url())).done
    expect(received.order).toEqual(['sent', 'headers', 'data', 'end'])
    expect(received.status).toBe(200)
  })

  test('waits where only an interim response came', async () => {
    await using server = await faultServer((exchange) => exchange.write('HTTP/1.1 103 Early Hints\r\n\r\n'))
    const received = receive(transport, post(server.url()))
    await until(() => server.requests.length === 1)
    await quiet()
    expect(received.order).toEqual(['sent'])
    received.exchange.cancel('enough')
    await server.connections[0]?.closed
  })

  test.each<[string, (exchange: FaultExchange) => unknown]>([
    ['closes before headers', (exchange) => exchange.end()],
    ['resets before headers', (exchange) => exchange.reset()],
    ['answers with garbage', (exchange) => exchange.write('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
    [
      'switches protocols',
      (exchange) => exchange.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    ],
    ['sends too many headers', (exchange) => exchange.write(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)],
  ])('fails before headers where the server %s', async (_what, script) => {
    await using server = await faultServer(script)
    const received = await receive(transport, post(server.url())).done
    expect(received.order).toEqual(['sent', 'error'])
    expect(received.error).toBeInstanceOf(Error)
  })

  test.each<[string, (exchange: FaultExchange) => unknown]>([
    [
      'is cut by FIN short of its length',
      (exchange) => {
        exchange.head({ contentLength: 100 })
        exchange.write('{"a":')
        exchange.end()
      },
    ],
    [
      'is cut by FIN short of its length on a closing connection',
      (exchange) => {
        exchange.head({ contentLength: 100, headers: { connection: 'close' } })
        exchange.write('{"a":')
        exchange.end()
      },
    ],
    [
      'is cut between chunks',
      (exchange) => {
        exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
        exchange.chunk('{"a":')
        exchange.end()
      },
    ],
    [
      'has a broken chunk',
      (exchange) => {
        exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
        exchange.chunk('{"a":')
        exchange.write('zz\r\n')
      },
    ],
    [
      'is reset',
      async (exchange) => {
        exchange.head({ contentLength: 100 })
        exchange.write('{"a":')
        await quiet()
        exchange.reset()
      },
    ],
    [
      'is corrupt gzip',
      (exchange) => {
        const bytes = gzipSync('x'.repeat(1_000))
        bytes.fill(0xff, 10)
        exchange.respond(bytes, { headers: { 'content-encoding': 'gzip' } })
      },
    ],
  ])('fails after headers where the body %s', async (_what, script) => {
    await using server = await faultServer(script)
    const received = await receive(transport, post(server.url())).done
    expect(received.status).toBe(200)
    expect(received.order.at(-1)).toBe('error')
    expect(received.error).toBeInstanceOf(Error)
  })

  test('fails without sending where the connection is refused', async () => {
    const received = await receive(transport, post(new URL(`http://127.0.0.1:${await refusedPort()}`))).done
    // A fetch cannot tell whether anything was sent.
    expect(received.sent).toBe(kind !== 'undici')
    expect(received.order.at(-1)).toBe('error')
  })

  test('fails where the certificate is not trusted', async () => {
    await using server = await faultServer((exchange) => exchange.json({}), { tls: true })
    const { error, sent } = await receive(transport, post(server.url())).done
    expect(sent).toBe(kind !== 'undici')
    expect(error).toMatchObject(kind === 'undici' ? UNTRUSTED : { message: 'fetch failed', cause: UNTRUSTED })
    expect(server.requests).toHaveLength(0)
  })

  test('refuses header values that would split the request', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const received = await receive(transport, post(server.url(), { headers: { 'x-a': 'b\r\nx-c: d' } })).done
    expect(received.order.at(-1)).toBe('error')
    expect(server.requests).toHaveLength(0)
  })

  test.each(['start', 'sent', 'headers', 'data'] as const)('tells nothing after a cancel at %s', async (moment) => {
    await using server = await faultServer(async (exchange) => {
      exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
      await exchange.drip(Array<string>(100).fill('1\r\na\r\n'), 5)
    })
    const received = receive(transport, post(server.url()))
    if (moment !== 'start') await received.on(moment)
    const told = [...received.order]
    received.exchange.cancel(new Error('enough'))
    received.exchange.cancel('twice')
    // Beside the one that is closed, the fetch of Node 22 and 26 makes its pool a connection that it then keeps idle, unasked.
    const ours = (): Connection[] => server.connections.filter(({ requests }) => kind === 'undici' || requests > 0)
    await until(() => ours().every(({ closedAt }) => closedAt !== undefined))
    await quiet()
    expect(received.order).toEqual(told)
  })

  test('stops reading while paused', async () => {
    const body = Buffer.alloc(8 << 20, 'a')
    await using server = await faultServer((exchange) => exchange.respond(body))
    let seen = 0
    const received = receive(transport, post(server.url()), {
      onData(chunk) {
        if (seen === 0) received.exchange.pause()
        seen += chunk.length
      },
    })
    await received.on('data')
    await quiet(50)
    const whilePaused = seen
    expect(whilePaused).toBeLessThan(1 << 20)
    received.exchange.resume()
    expect((await received.done).body.length).toBe(body.length)
  })

  test.each(['identity', 'gzip'])('may be paused before anything came, with %s', async (encoding) => {
    const body = encoding === 'gzip' ? gzipSync('{"a":1}') : '{"a":1}'
    await using server = await faultServer((exchange) => {
      exchange.respond(body, { headers: { 'content-encoding': encoding } })
    })
    const received = receive(transport, post(server.url()))
    received.exchange.pause()
    await received.on('headers')
    await quiet()
    expect(received.order).toEqual(['sent', 'headers'])
    received.exchange.resume()
    expect(await received.done).toMatchObject({ order: ['sent', 'headers', 'data', 'end'], text: '{"a":1}' })
  })

  // HTTP/1 has no other end for such a body: whether it is whole only its content can say.
  test.each(['end', 'reset'] as const)('ends a body without length where the connection does, by %s', async (how) => {
    await using server = await faultServer(async (exchange) => {
      exchange.head({ contentLength: false })
      exchange.write('{"a":')
      await quiet()
      exchange[how]()
    })
    const received = await receive(transport, post(server.url())).done
    expect([received.order.at(-1), received.text]).toEqual(['end', '{"a":'])
  })

  test('serves many exchanges at once, each its own', async () => {
    await using server = await faultServer((exchange) => exchange.respond(exchange.request.body))
    const bodies = Array.from({ length: 50 }, (_, index) => `{"n":${index}}`)
    const answers = await Promise.all(bodies.map((body) => receive(transport, post(server.url(), { body })).done))
    expect(answers.map((answer) => answer.text)).toEqual(bodies)
  })
})

function quiet(milliseconds = 20): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
