import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { blackHole } from '../support/black-hole.ts'
import { asked, clientOf, failureOf, observer } from '../support/call.ts'
import { ANSWER, answering, steps } from '../support/chat.ts'
import { type FaultExchange, faultServer, listen, refusedPort } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock, turns } from '../support/test-clock.ts'

type Script = (exchange: FaultExchange) => unknown

test('a refused connection is retried until somebody listens', async () => {
  const port = await refusedPort()
  let server: Awaited<ReturnType<typeof faultServer>> | undefined
  const client = clientOf(`http://127.0.0.1:${port}`, {
    retry: { maxRetries: 1 },
    // Between the attempts the server comes up.
    fetch: async (url, init) => {
      if (server) return fetch(new URL('/v1/chat/completions', server.origin), init)
      server = await faultServer(answering)
      return fetch(url, init)
    },
  })
  const { text, attempts } = await client.complete(asked)
  expect(text).toBe(ANSWER)
  expect(attempts.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
    ['error', 'network'],
    ['ok', undefined],
  ])
  await server?.close()
})

test('a refused connection fails without having sent', async () => {
  const error = await failureOf(clientOf(`http://127.0.0.1:${await refusedPort()}`).complete(asked))
  expect(error).toMatchObject({ code: 'network', retryable: true, sent: false, stopReason: 'max_retries' })
  expect(error.attempts).toHaveLength(3)
  expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
  expect(error.response).toBeUndefined()
})

test('a host name that does not exist is a network error', async () => {
  const error = await failureOf(clientOf('http://no-such-host.invalid').complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ code: 'network', retryable: true, sent: false })
  expect(error.message).toContain('host name')
})

test.each<[string, Script]>([
  ['closes after accepting', (exchange) => exchange.end()],
  ['resets after accepting', (exchange) => exchange.reset()],
])('a server that %s is asked again', async (_what, script) => {
  await using server = await faultServer(steps(script, answering))
  const { text, attempts } = await clientOf(server.origin).complete(asked)
  expect(text).toBe(ANSWER)
  expect(attempts[0]).toMatchObject({ outcome: 'error', error: { code: 'network' } })
  expect(server.requests).toHaveLength(2)
})

test('a server that resets on accept fails each attempt', async () => {
  await using server = await faultServer(() => {}, { onConnection: (connection) => connection.reset() })
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'network', retryable: true, stopReason: 'max_retries' })
  await until(() => server.open() === 0)
})

test('garbage instead of HTTP is an invalid response', async () => {
  await using server = await faultServer((exchange) => exchange.write('SSH-2.0-OpenSSH_9.6\r\n\r\n'))
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: true, sent: true, stopReason: 'max_retries' })
  expect(server.requests).toHaveLength(3)
  await until(() => server.open() === 0)
})

test.each<[string, Script]>([
  ['never answers', () => {}],
  ['only says that it goes on', (exchange) => exchange.write('HTTP/1.1 102 Processing\r\n\r\n')],
  [
    'drips its headers',
    (exchange) => exchange.drip(Array.from('HTTP/1.1 200 OK\r\n' + 'x-a: aaaaaaaaaa\r\n'.repeat(20)), 5),
  ],
])('a server that %s meets the headers limit', async (_what, script) => {
  await using server = await faultServer(script)
  const error = await failureOf(clientOf(server.origin).complete(asked, { timeout: { headers: 50 }, retry: 1 }))
  expect(error).toMatchObject({
    code: 'timeout',
    phase: 'headers',
    retryable: true,
    sent: true,
    stopReason: 'max_retries',
    message: expect.stringContaining('50 ms'),
  })
  expect(server.requests).toHaveLength(2)
  await until(() => server.open() === 0)
})

test.each<[string, Script]>([
  ['never answers', () => {}],
  [
    'drips its body',
    (exchange) => {
      exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
      return exchange.drip(Array<string>(400).fill('1\r\n \r\n'), 5)
    },
  ],
  [
    'stalls in its body',
    (exchange) => {
      exchange.head({ contentLength: 1_000 })
      exchange.write('{"choices":[{"message":{"content":"Par')
    },
  ],
  [
    'never ends its error',
    (exchange) => {
      exchange.head({ status: 500, headers: { 'transfer-encoding': 'chunked' } })
      return exchange.drip(Array<string>(400).fill('1\r\n \r\n'), 5)
    },
  ],
])('a server that %s meets the total', async (_what, script) => {
  await using server = await faultServer(script)
  const error = await failureOf(clientOf(server.origin).complete(asked, { timeout: 100 }))
  expect(error).toMatchObject({ code: 'timeout', phase: 'total', retryable: false, sent: true, stopReason: 'deadline' })
  expect(error.name).toBe('TimeoutError')
  expect(error.attempts).toMatchObject([{ outcome: 'cancelled', error: { code: 'timeout', phase: 'total' } }])
  expect(server.requests).toHaveLength(1)
  await until(() => server.open() === 0)
})

test('what a stalled body had brought is kept', async () => {
  await using server = await faultServer((exchange) => {
    exchange.head({ contentLength: 1_000, headers: { 'x-request-id': 'req_7' } })
    exchange.write('{"choices":[{"message":{"content":"Par')
  })
  const error = await failureOf(clientOf(server.origin).complete(asked, { timeout: { attempt: 80 }, retry: 0 }))
  expect(error).toMatchObject({ phase: 'attempt', status: 200, requestId: 'req_7' })
  expect(error.partial?.text).toBe('Par')
  expect(error.response?.body).toContain('Par')
})

test('an attempt that stalls is repeated within the total', async () => {
  await using server = await faultServer(steps(() => {}, answering))
  const { text, attempts } = await clientOf(server.origin).complete(asked, { timeout: { attempt: 80, total: 5_000 } })
  expect(text).toBe(ANSWER)
  expect(attempts[0]).toMatchObject({ outcome: 'error', error: { code: 'timeout', phase: 'attempt' } })
})

test('a dropped SYN meets the connect limit', async () => {
  await using hole = await blackHole()
  const error = await failureOf(
    clientOf(`http://127.0.0.1:${hole.port}`).complete(asked, { timeout: { connect: 60 }, retry: 1 }),
  )
  expect(error).toMatchObject({ code: 'timeout', phase: 'connect', retryable: true, sent: false })
  expect(error.attempts).toHaveLength(2)
})

test('a dropped SYN meets the total where that is nearer', async () => {
  await using hole = await blackHole()
  const error = await failureOf(
    clientOf(`http://127.0.0.1:${hole.port}`).complete(asked, { timeout: { connect: 5_000, total: 60 } }),
  )
  expect(error).toMatchObject({ code: 'timeout', phase: 'total', sent: false, stopReason: 'deadline' })
})

test('a TLS handshake that hangs meets the connect limit', async () => {
  await using server = await faultServer(() => {}, { onConnection: () => false })
  const origin = server.origin.replace('http:', 'https:')
  const error = await failureOf(clientOf(origin).complete(asked, { timeout: { connect: 60 }, retry: 0 }))
  expect(error).toMatchObject({ code: 'timeout', phase: 'connect', sent: false })
  await until(() => server.open() === 0)
})

test('an untrusted certificate is not retried', async () => {
  await using server = await faultServer(answering, { tls: true })
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'network', retryable: false, sent: false, stopReason: 'not_retryable' })
  expect(error.message).toContain('certificate')
  expect(server.requests).toHaveLength(0)
})

test('plain text where TLS was due is not retried', async () => {
  await using server = await faultServer(answering, {
    onConnection: ({ socket }) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      return false
    },
  })
  const error = await failureOf(clientOf(server.origin.replace('http:', 'https:')).complete(asked))
  expect(error).toMatchObject({ code: 'network', retryable: false, sent: false })
  expect(error.message).toContain('scheme')
})

test('a server that breaks off the handshake is asked again', async () => {
  let accepted = 0
  const server = createServer({}, () => {}).on('connection', () => accepted++)
  server.on('tlsClientError', () => {})
  const port = await listen(server)
  const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).complete(asked, { retry: 1 }))
  expect(error.code).toBe('network')
  expect(error.sent).toBe(false)
  server.close()
  expect(accepted).toBeGreaterThan(0)
})

test('a used connection that dies is replaced within the attempt', async () => {
  await using server = await faultServer((exchange) => {
    if (exchange.connection.index === 0 && exchange.connection.requests > 1) exchange.reset()
    else answering(exchange)
  })
  const client = clientOf(server.origin)
  const seen = observer()
  await client.complete(asked)
  await turns()
  const { attempts } = await client.complete(asked, { retry: 0, onEvent: seen.onEvent })
  expect(attempts).toMatchObject([{ outcome: 'ok', reconnect: true }])
  expect(seen.types()).toEqual(['attempt.start', 'attempt.end', 'success'])
  expect(server.requests).toHaveLength(3)
})

test('a used connection that dies late has been heard: nothing is sent unseen', async () => {
  const clock = testClock()
  let drop: () => void = () => {}
  await using server = await faultServer((exchange) => {
    if (exchange.connection.requests > 1) drop = () => exchange.reset()
    else answering(exchange)
  })
  const client = clientOf(server.origin, { clock })
  await client.complete(asked)
  await turns()
  const failed = failureOf(client.complete(asked, { retry: 0 }))
  await until(() => server.requests.length === 2)
  await clock.advance(3_000)
  drop()
  expect(await failed).toMatchObject({ code: 'network', sent: true, attempts: [{ outcome: 'error' }] })
  expect(server.requests).toHaveLength(2)
})

test('an answer that had begun was sent, whatever broke it', async () => {
  const broken = new ReadableStream({
    start(controller) {
      controller.error(Object.assign(new Error('tls'), { code: 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC' }))
    },
  })
  const fetch = () => Promise.resolve(new Response(broken))
  expect(await failureOf(clientOf('http://local', { fetch, retry: 0 }).complete(asked))).toMatchObject({
    code: 'network',
    status: 200,
    sent: true,
  })
})

test('a used connection that dies stays dead without retries', async () => {
  await using server = await faultServer((exchange) => {
    if (exchange.connection.requests > 1) exchange.reset()
    else answering(exchange)
  })
  const client = clientOf(server.origin)
  await client.complete(asked)
  await turns()
  const error = await failureOf(client.complete(asked, { retry: false }))
  expect(error).toMatchObject({ code: 'network', sent: true, stopReason: 'max_retries' })
  expect(server.requests).toHaveLength(2)
})

test('what had left on a connection that died is sent, though the next one is refused', async () => {
  const server = await faultServer((exchange) => {
    if (exchange.index === 0) answering(exchange)
    else void server.close()
  })
  const client = clientOf(server.origin, { retry: 0 })
  await client.complete(asked)
  await turns()
  const error = await failureOf(client.complete(asked))
  expect(error).toMatchObject({ code: 'network', sent: true, attempts: [{ reconnect: true }] })
})
