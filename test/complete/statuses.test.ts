import { describe, expect, test } from 'vitest'
import { asked, clientOf, failureOf, observer, responding, scriptedFetch } from '../support/call.ts'
import { ANSWER, answering, chat, failure, steps } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock } from '../support/test-clock.ts'

const status =
  (code: number, body: object = failure(`status ${code}`, 'error'), headers: Record<string, string> = {}) =>
  (exchange: FaultExchange): void =>
    exchange.json(body, { status: code, headers })

test.each([
  [408, 'server_error'],
  [409, 'server_error'],
  [425, 'server_error'],
  [429, 'rate_limit'],
  [500, 'server_error'],
  [502, 'server_error'],
  [503, 'server_error'],
  [504, 'server_error'],
  [520, 'server_error'],
  [521, 'server_error'],
  [522, 'server_error'],
  [523, 'server_error'],
  [524, 'server_error'],
  [529, 'overloaded'],
])('status %i is tried again and then answered', async (code, meaning) => {
  await using server = await faultServer(steps(status(code), status(code), answering))
  const { text, attempts } = await clientOf(server.origin).complete(asked)
  expect(text).toBe(ANSWER)
  expect(attempts.map((attempt) => [attempt.outcome, attempt.status])).toEqual([
    ['error', code],
    ['error', code],
    ['ok', 200],
  ])
  expect(attempts[0]?.error?.code).toBe(meaning)
  expect(server.requests).toHaveLength(3)
})

test.each([
  [400, 'invalid_request'],
  [401, 'authentication'],
  [402, 'quota_exceeded'],
  [403, 'permission'],
  [404, 'not_found'],
  [413, 'invalid_request'],
  [422, 'invalid_request'],
])('status %i is never tried again', async (code, meaning) => {
  await using server = await faultServer(status(code, failure('no', 'error'), { 'x-request-id': 'req_9' }))
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({
    code: meaning,
    retryable: false,
    stopReason: 'not_retryable',
    sent: true,
    status: code,
    requestId: 'req_9',
    providerMessage: 'no',
    attempts: [{ outcome: 'error', status: code, requestId: 'req_9' }],
  })
  expect(error.response).toMatchObject({ status: code, body: expect.stringContaining('no') })
  expect(error.response?.headers.get('x-request-id')).toBe('req_9')
  expect(server.requests).toHaveLength(1)
})

test.each([429, 403, 402])('an exhausted quota under %i is never tried again', async (code) => {
  const quota = failure('You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota')
  await using server = await faultServer(status(code, quota, { 'retry-after': '1', 'x-should-retry': 'true' }))
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'quota_exceeded', retryable: false, providerCode: 'insufficient_quota' })
  expect(server.requests).toHaveLength(1)
})

test('a request larger than the rate limit is never tried again', async () => {
  const message = 'Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 50000.'
  await using server = await faultServer(status(429, failure(message, 'tokens', 'rate_limit_exceeded')))
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'rate_limit', retryable: false, stopReason: 'not_retryable' })
  expect(server.requests).toHaveLength(1)
})

describe("the server's own word on retrying", () => {
  test('false stops what would be tried again', async () => {
    await using server = await faultServer(status(503, undefined, { 'x-should-retry': 'false' }))
    const error = await failureOf(clientOf(server.origin).complete(asked))
    expect(error).toMatchObject({ retryable: false, stopReason: 'not_retryable' })
    expect(server.requests).toHaveLength(1)
  })

  test('true repeats what would not be', async () => {
    await using server = await faultServer(steps(status(400, undefined, { 'x-should-retry': 'true' }), answering))
    expect((await clientOf(server.origin).complete(asked)).text).toBe(ANSWER)
  })

  test('true never repeats a refused credential', async () => {
    await using server = await faultServer(status(401, undefined, { 'x-should-retry': 'true' }))
    const error = await failureOf(clientOf(server.origin).complete(asked))
    expect(error).toMatchObject({ code: 'authentication', retryable: false })
    expect(server.requests).toHaveLength(1)
  })
})

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%i is an error that says what to do', async (code) => {
    await using other = await faultServer(answering)
    await using server = await faultServer((exchange) =>
      exchange.respond('', { status: code, headers: { location: `${other.origin}/v1/chat/completions?key=hidden` } }),
    )
    const error = await failureOf(clientOf(server.origin).complete(asked))
    expect(error).toMatchObject({ retryable: false, status: code, stopReason: 'not_retryable' })
    expect(error.message).toContain(`set baseURL to the API's address on ${other.origin}`)
    expect(error.message).not.toContain('hidden')
    expect([server.requests.length, other.requests.length]).toEqual([1, 0])
  })

  test('is one through fetch as well', async () => {
    await using other = await faultServer(answering)
    await using server = await faultServer((exchange) =>
      exchange.respond('', { status: 307, headers: { location: other.origin } }),
    )
    const error = await failureOf(clientOf(server.origin, { fetch: 'global' }).complete(asked))
    expect(error).toMatchObject({ retryable: false, status: 307 })
    expect(other.requests).toHaveLength(0)
  })
})

test('an error body that stalls does not hide its status', async () => {
  await using server = await faultServer((exchange) => {
    exchange.head({ status: 400, headers: { 'transfer-encoding': 'chunked' } })
    exchange.chunk('{"error":{"message":"bad ')
  })
  const seen = observer()
  const client = clientOf(server.origin, { onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked, { timeout: 8_000 }))
  expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
  expect(error.duration).toBeLessThan(6_000)
  await until(() => server.open() === 0)
})

test.each(['end', 'reset'] as const)('an error body that is cut by %s does not hide its status', async (how) => {
  await using server = await faultServer((exchange) => {
    exchange.head({ status: 404, contentLength: 500 })
    exchange.write('{"error":{"message":"no such mo')
    setTimeout(() => exchange[how](), 10)
  })
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'not_found', status: 404, attempts: [{ status: 404 }] })
})

test('an error body without end is read so far and no further', async () => {
  let written = 0
  await using server = await faultServer(async (exchange) => {
    exchange.head({ status: 500, headers: { 'transfer-encoding': 'chunked' } })
    while (!exchange.connection.socket.destroyed && written < 50_000_000) {
      exchange.chunk('x'.repeat(50_000))
      written += 50_000
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const error = await failureOf(clientOf(server.origin).complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ code: 'server_error', status: 500 })
  expect(error.response?.body.length).toBeLessThanOrEqual(65_536)
  await until(() => server.open() === 0)
  expect(written).toBeLessThan(50_000_000)
})

test('HTML from a gateway is named as a web page', async () => {
  await using server = await faultServer((exchange) =>
    exchange.respond('<html><h1>502 Bad Gateway</h1></html>', {
      status: 502,
      headers: { 'content-type': 'text/html' },
    }),
  )
  const error = await failureOf(clientOf(server.origin).complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ code: 'server_error', retryable: true, status: 502 })
  expect(error.message).toContain('web page')
})

test.each([{ attempt: 60 }, { firstToken: 60 }])('a stalled error body hides no status from %o', async (timeout) => {
  const clock = testClock()
  const stalled = (): Response =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([123])) }), {
      status: 429,
      headers: { 'retry-after': '30' },
    })
  const fetch = scriptedFetch(stalled, responding(chat()))
  const call = clientOf('http://local', { clock, fetch }).complete(asked, { timeout, wire: 'json' })
  await clock.advance(60_000)
  expect((await call).attempts).toMatchObject([
    { outcome: 'error', error: { code: 'rate_limit' } },
    { outcome: 'ok', delayFrom: 'server', delayBefore: 30_000 },
  ])
})

test('the count ends what shouldRetry tries against the classification', async () => {
  const fetch = scriptedFetch(responding(failure('no', 'invalid_request_error'), 400))
  const client = clientOf('http://local', { fetch, retry: { maxRetries: 1, baseDelay: 0, shouldRetry: () => true } })
  expect(await failureOf(client.complete(asked))).toMatchObject({ code: 'invalid_request', stopReason: 'max_retries' })
})
