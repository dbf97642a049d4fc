import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { openUndiciTransport } from '../../src/transport/undici.ts'
import { blackHole } from '../support/black-hole.ts'
import { type FaultServer, faultServer, loopbackPem, refusedPort } from '../support/fault-server.ts'
import { http2Frames } from '../support/http2-frames.ts'
import { http2Server } from '../support/http2-server.ts'
import { post, type Received, receive, until } from '../support/receive.ts'

const transport = openUndiciTransport()

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), loopbackPem]))

describe('connections', () => {
  test('are used again, and the exchange says so', async () => {
    await using server = await faultServer((exchange) => exchange.json({ n: exchange.index }))
    const first = await receive(transport, post(server.url())).done
    await turn()
    const second = await receive(transport, post(server.url())).done
    expect([first.reused, second.reused]).toEqual([false, true])
    expect(server.connections).toHaveLength(1)
  })

  test('are new when a fresh one is asked for', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    await receive(transport, post(server.url())).done
    const fresh = await receive(transport, post(server.url()), { fresh: true }).done
    expect(fresh).toMatchObject({ reused: false, order: ['sent', 'headers', 'data', 'end'] })
    await until(() => server.connections[1]?.closedAt !== undefined)
    expect(server.open()).toBe(1)
  })

  test('are not reused once they were reconnected', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    await receive(transport, post(server.url())).done
    server.connections[0]?.end()
    await server.connections[0]?.closed
    expect((await receive(transport, post(server.url())).done).reused).toBe(false)
  })

  test('open one for each exchange under way', async () => {
    await using server = await faultServer((exchange) => {
      if (exchange.index === 19) for (const request of server.requests) answer(request.connection.socket)
    })
    await Promise.all(Array.from({ length: 20 }, () => receive(transport, post(server.url())).done))
    expect(server.connections).toHaveLength(20)
  })

  test('survive the cancelling of an exchange that waits for its turn', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    await receive(transport, post(server.url())).done
    // The connection is validated for one turn of the loop; an exchange cancelled within it has been queued, not sent.
    const waiting = receive(transport, post(server.url()))
    await new Promise<void>((resolve) => process.nextTick(resolve))
    expect(waiting.sent).toBe(false)
    waiting.exchange.cancel('enough')
    await turn()
    const next = await receive(transport, post(server.url())).done
    expect(next).toMatchObject({ reused: true, order: ['sent', 'headers', 'data', 'end'] })
    expect(server.requests).toHaveLength(2)
  })

  test('close when an exchange on them is cancelled', async () => {
    await using server = await faultServer(() => {})
    const received = receive(transport, post(server.url()))
    await until(() => server.requests.length === 1)
    const at = performance.now()
    received.exchange.cancel('enough')
    expect(((await server.connections[0]?.closed) ?? 0) - at).toBeLessThan(300)
    expect(received.order).toEqual(['sent'])
  })

  test('that never finish TLS close when cancelled, and others go on', async () => {
    await using server = await faultServer(() => {}, { onConnection: () => false })
    const url = new URL(server.origin.replace('http:', 'https:'))
    const exchanges = Array.from({ length: 3 }, () => receive(transport, post(url)))
    await until(() => server.connections.length === 1)
    // The others wait to learn which protocol the server speaks; a cancelled one is never sent.
    exchanges[1]?.exchange.cancel('enough')
    exchanges[0]?.exchange.cancel('enough')
    await server.connections[0]?.closed
    await until(() => server.connections.length === 2)
    exchanges[2]?.exchange.cancel('enough')
    await server.connections[1]?.closed
    await turn()
    expect(server.connections).toHaveLength(2)
    expect(exchanges.flatMap((exchange) => exchange.order)).toEqual([])
  })

  test('are all destroyed by close', async () => {
    const own = openUndiciTransport()
    await using server = await faultServer((exchange) => (exchange.index === 0 ? exchange.json({}) : undefined))
    await using silent = await faultServer(() => {}, { onConnection: () => false })
    await receive(own, post(server.url())).done
    const running = [receive(own, post(server.url())), receive(own, post(server.url()), { fresh: true })]
    const connecting = receive(own, post(new URL(silent.origin.replace('http:', 'https:'))))
    await until(() => server.requests.length === 3 && silent.connections.length === 1)
    own.close()
    for (const exchange of [...running, connecting]) expect((await exchange.done).order.at(-1)).toBe('error')
    await until(() => server.open() === 0 && silent.open() === 0)
    const late = await receive(own, post(server.url())).done
    expect(late).toMatchObject({ sent: false, error: { code: 'UND_ERR_DESTROYED' } })
  })
})

describe('a server that closes idle connections as they are reused', () => {
  test.each(['end', 'reset'] as const)('by %s fails only what may be sent again', async (how) => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const failed: Received[] = []
    const close = [(then: () => void) => setImmediate(then), setTimeout, (then: () => void) => setTimeout(then, 1)]
    for (let call = 0; call < 600; call++) {
      let received = await receive(transport, post(server.url())).done
      if (received.order.at(-1) === 'error') {
        failed.push(received)
        received = await receive(transport, post(server.url()), { fresh: true }).done
      }
      expect(received.order).toEqual(['sent', 'headers', 'data', 'end'])
      const idle = server.requests.at(-1)?.connection
      const seen = idle?.requests
      // Idle as the server sees it: the next request may be on its way.
      close[call % 3]?.(() => {
        if (idle?.requests === seen) idle?.[how]()
      })
      if (call % 4 === 0) await turn()
    }
    // It left on a used connection and nothing came back: such a request is sent once more, at once.
    for (const { order, reused } of failed) expect([order.join(), reused]).toEqual(['sent,error', true])
    expect(server.connections.length).toBeGreaterThan(50)
  })
})

describe('errors', () => {
  test('keep what the system said', async () => {
    const url = new URL(`http://127.0.0.1:${await refusedPort()}`)
    expect(await receive(transport, post(url)).done).toMatchObject({ sent: false, error: { code: 'ECONNREFUSED' } })
  })

  test('of name resolution come without sending', async () => {
    const received = await receive(transport, post(new URL('http://nowhere.invalid'))).done
    expect(received.sent).toBe(false)
    expect(received.error).toMatchObject({ syscall: 'getaddrinfo' })
  })

  test('of a refused header name it', async () => {
    const received = await receive(transport, post(new URL('http://127.0.0.1:1'), { headers: { 'x-a': 'b\nc' } })).done
    expect(received).toMatchObject({
      sent: false,
      error: { code: 'UND_ERR_INVALID_ARG', message: 'invalid x-a header' },
    })
  })

  test('of plain text where TLS was expected come without sending', async () => {
    await using server = await faultServer(() => {}, {
      onConnection: ({ socket }) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    })
    const received = await receive(transport, post(new URL(server.origin.replace('http:', 'https:')))).done
    expect(received).toMatchObject({ sent: false, error: { code: 'ERR_SSL_WRONG_VERSION_NUMBER' } })
  })

  test.each(['end', 'reset'] as const)('of a connection closed by %s right after accept are told once', async (how) => {
    await using server = await faultServer(() => {}, { onConnection: (connection) => connection[how]() })
    const received = await receive(transport, post(server.url())).done
    expect(received.order.filter((event) => event === 'error')).toHaveLength(1)
    expect(received.reused ?? false).toBe(false)
  })

  test.each(['end', 'reset'] as const)(
    'of a TLS connection closed by %s at accept come without sending',
    async (how) => {
      await using server = await faultServer(() => {}, { onConnection: (connection) => connection[how]() })
      const url = new URL(server.origin.replace('http:', 'https:'))
      const received = await receive(transport, post(url)).done
      expect(received).toMatchObject({ order: ['error'], error: { code: 'ECONNRESET' } })
      expect(server.connections).toHaveLength(1)
    },
  )

  test('of a connection that nobody accepts do not come, and cancelling ends it', async () => {
    await using hole = await blackHole()
    const received = receive(transport, post(new URL(`http://127.0.0.1:${hole.port}`)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    received.exchange.cancel('enough')
    await turn()
    expect(received.order).toEqual([])
  })

  test('of a receiver come back to it', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const mistake = new Error('mistake')
    const received = await receive(transport, post(server.url()), {
      onHeaders() {
        throw mistake
      },
    }).done
    expect(received.error).toBe(mistake)
  })
})

describe('TLS', () => {
  test('carries exchanges over HTTP/1.1', async () => {
    await using server = await faultServer((exchange) => exchange.json({}), { tls: true })
    const answers = await Promise.all(Array.from({ length: 5 }, () => receive(transport, post(server.url())).done))
    expect(answers.map(({ order }) => order.at(-1))).toEqual(Array(5).fill('end'))
  })
})

describe('HTTP/2', () => {
  test('carries many exchanges on one connection', async () => {
    await using server = await http2Server((exchange) => exchange.json({ n: exchange.index }))
    const first = await receive(transport, post(server.url())).done
    const others = await Promise.all(Array.from({ length: 10 }, () => receive(transport, post(server.url())).done))
    expect(first).toMatchObject({
      reused: false,
      status: 200,
      text: '{"n":0}',
      order: ['sent', 'headers', 'data', 'end'],
    })
    expect(others.map((other) => `${other.reused} ${other.order.at(-1)}`)).toEqual(Array(10).fill('true end'))
    expect(server.sessions).toHaveLength(1)
    expect(server.requests[0]?.body).toBe('{"question":1}')
  })

  test('loses only its stream when an exchange is cancelled', async () => {
    await using server = await http2Server((exchange) => {
      if (exchange.index > 0) exchange.json({})
    })
    const received = receive(transport, post(server.url()))
    await until(() => server.requests.length === 1)
    received.exchange.cancel(new Error('enough'))
    await until(() => server.requests[0]?.stream.closed === true)
    expect(await receive(transport, post(server.url())).done).toMatchObject({ reused: true, status: 200 })
    expect(received.order).toEqual(['sent'])
  })

  test.each([2, 11])('reports a stream reset with code %i in mid body', async (code) => {
    await using server = await cutServer(code)
    const received = await receive(transport, post(server.url())).done
    expect(received).toMatchObject({ status: 200, error: { code: 'ERR_HTTP2_STREAM_ERROR' } })
  })

  test.each([0, 8])('ends as if whole where a stream is reset with code %i in mid body', async (code) => {
    await using server = await cutServer(code)
    const received = await receive(transport, post(server.url())).done
    expect([received.order.at(-1), received.text]).toEqual(['end', '{"a":'])
  })

  test.each([0, 8])('reports a body reset with code %i short of its length', async (code) => {
    await using server = await cutServer(code, 100)
    const received = await receive(transport, post(server.url())).done
    expect(received).toMatchObject({ status: 200, error: { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' } })
  })

  test('sends a refused request once more, and says so', async () => {
    await using server = await http2Frames((exchange) => {
      if (exchange.index === 0) return exchange.goaway(0)
      exchange.headers()
      exchange.data('{}', { end: true })
    })
    const received = await receive(transport, post(server.url())).done
    expect(received).toMatchObject({ order: ['sent', 'resent', 'headers', 'data', 'end'], reused: false })
    expect(server.connections).toHaveLength(2)
  })

  test('opens a connection nobody has used when asked', async () => {
    await using server = await http2Server((exchange) => exchange.json({}))
    await receive(transport, post(server.url())).done
    const fresh = await receive(transport, post(server.url()), { fresh: true }).done
    expect(fresh).toMatchObject({ reused: false, status: 200 })
    await until(() => server.sessions[1]?.destroyed === true)
    expect(server.sessions[0]?.destroyed).toBe(false)
  })

  test.each([0, 2, 7, 8])('reports a stream reset with code %i before headers', async (code) => {
    await using server = await http2Frames((exchange) => exchange.reset(code))
    const received = await receive(transport, post(server.url())).done
    expect(received.order).toEqual(code === 7 ? ['sent', 'resent', 'error'] : ['sent', 'error'])
  })
})

function cutServer(code: number, contentLength?: number): ReturnType<typeof http2Frames> {
  return http2Frames((exchange) => {
    exchange.headers(contentLength)
    exchange.data('{"a":')
    setTimeout(() => exchange.reset(code), 10)
  })
}

function answer(socket: FaultServer['connections'][number]['socket']): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
