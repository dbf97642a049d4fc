import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { asked, clientOf, deaf, failureOf, observer, responding, scriptedFetch, silence } from '../support/call.ts'
import { ANSWER, answering, chat, failure } from '../support/chat.ts'
import { DONE, finish, streaming, TEXT, word } from '../support/chat-stream.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { testClock, turns } from '../support/test-clock.ts'

const TOTAL = { code: 'timeout', phase: 'total', retryable: false, stopReason: 'deadline', name: 'TimeoutError' }
const down = responding(failure('down', 'server_error'), 500)

test('the total ends a fetch that ignores its abort', async () => {
  const clock = testClock()
  const call = clientOf('http://local', { clock, fetch: scriptedFetch(deaf) }).complete(asked, { timeout: 1_000 })
  const failed = failureOf(call)
  await clock.advance(999)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...TOTAL, sent: true, duration: 1_000 })
  expect(clock.pending).toBe(0)
})

test('a total longer than any timer of the host ends when it is due', async () => {
  const clock = testClock()
  const timeout = { total: 2 ** 32, attempt: 2 ** 33, connect: Infinity, headers: Infinity }
  const failed = failureOf(clientOf('http://local', { clock, fetch: scriptedFetch(deaf) }).complete(asked, { timeout }))
  await clock.advance(2 ** 32 - 1)
  expect(clock.pending).toBe(1)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...TOTAL, duration: 2 ** 32 })
  expect(clock.pending).toBe(0)
})

test('the total ends a body that ignores its abort', async () => {
  const clock = testClock()
  const body = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => new Promise(() => {}) })
  const fetch = scriptedFetch(() => new Response(body))
  const failed = failureOf(clientOf('http://local', { clock, fetch }).complete(asked, { timeout: 1_000 }))
  await clock.advance(1_000)
  expect(await failed).toMatchObject({ ...TOTAL, status: 200 })
  expect(clock.pending).toBe(0)
})

test('the total counts waits and every attempt', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down, silence)
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none', baseDelay: 400 } })
  const failed = failureOf(client.complete(asked, { timeout: 1_000 }))
  await clock.advance(1_000)
  const error = await failed
  expect(error).toMatchObject({ ...TOTAL, duration: 1_000, status: 500, providerMessage: 'down', sent: true })
  expect(error.attempts).toMatchObject([
    { outcome: 'error', startOffset: 0, duration: 0, status: 500 },
    { outcome: 'cancelled', startOffset: 400, duration: 600, delayBefore: 400, delayFrom: 'backoff' },
  ])
  expect(error.cause).toMatchObject({ code: 'server_error' })
})

test('no wait is begun that leaves too little', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down)
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none', baseDelay: 901 } })
  const error = await failureOf(client.complete(asked, { timeout: 1_000 }))
  expect(error).toMatchObject({ code: 'server_error', retryable: true, stopReason: 'deadline', duration: 0 })
  expect([fetch.requests.length, clock.pending]).toEqual([1, 0])
})

test.each([
  ['attempt', { attempt: 100 }],
  ['headers', { headers: 100 }],
] as const)('an expired %s limit is tried again', async (phase, timeout) => {
  const clock = testClock()
  const fetch = scriptedFetch(silence, responding(chat()))
  const call = clientOf('http://local', { clock, fetch }).complete(asked, { timeout })
  await clock.advance(100)
  const { attempts } = await call
  expect(attempts).toMatchObject([{ error: { code: 'timeout', phase }, duration: 100 }, { outcome: 'ok' }])
  expect(clock.pending).toBe(0)
})

test('a limit left at its default is not run again', async () => {
  const clock = testClock()
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(word('Par'))) })
  const fetch = scriptedFetch(() => new Response(body))
  const failed = failureOf(clientOf('http://local', { clock, fetch }).complete(asked, { wire: 'stream' }))
  await clock.advance(120_000)
  expect(await failed).toMatchObject({ phase: 'idle', retryable: false, stopReason: 'not_retryable' })
  expect(fetch.requests).toHaveLength(1)
})

test('waiting in a queue of somebody else has no limit but that which is set', async () => {
  const clock = testClock()
  const dispatcher = { dispatch: () => true }
  const client = clientOf('http://local', { clock, dispatcher, retry: 0 })
  const [patient, limited] = [
    failureOf(client.complete(asked)),
    failureOf(client.complete(asked, { timeout: { connect: 500 } })),
  ]
  await clock.advance(500)
  expect(await limited).toMatchObject({ phase: 'connect', retryable: true, sent: false })
  await clock.advance(600_000)
  expect(await patient).toMatchObject(TOTAL)
})

test.each(['connect', 'headers', 'attempt'])('a %s limit beyond the total reports the total', async (phase) => {
  const clock = testClock()
  const dispatcher = { dispatch: () => true }
  const failed = failureOf(
    clientOf('http://local', { clock, dispatcher }).complete(asked, { timeout: { [phase]: 500, total: 500 } }),
  )
  await clock.advance(500)
  expect(await failed).toMatchObject(TOTAL)
})

test('the total ends a call whose error body is being read', async () => {
  const clock = testClock()
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"error":{"message":"bad')),
  })
  const fetch = scriptedFetch(() => new Response(body, { status: 500, headers: { 'x-request-id': 'req_2' } }))
  const failed = failureOf(clientOf('http://local', { clock, fetch }).complete(asked, { timeout: 1_000 }))
  await clock.advance(1_000)
  const error = await failed
  expect(error).toMatchObject({ ...TOTAL, status: 500, requestId: 'req_2' })
  expect(error.response?.body).toContain('bad')
})

test('Infinity is no limit at all', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(
    () => new Promise<Response>((resolve) => clock.setTimeout(() => resolve(responding(chat())()), 3_000_000)),
  )
  const call = clientOf('http://local', { clock, fetch }).complete(asked, {
    timeout: { total: Infinity, connect: Infinity },
  })
  await clock.advance(3_000_000)
  expect((await call).duration).toBe(3_000_000)
})

test('the default total is ten minutes', async () => {
  const clock = testClock()
  const failed = failureOf(clientOf('http://local', { clock, fetch: scriptedFetch(deaf) }).complete(asked))
  await clock.advance(599_999)
  expect(clock.pending).toBe(1)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...TOTAL, duration: 600_000 })
})

test.each([new Date(Date.UTC(2026, 0, 1) - 1), Date.UTC(2026, 0, 1), new Date(0), -Infinity])(
  'a deadline in the past (%s) makes no request',
  async (deadline) => {
    const clock = testClock()
    const fetch = scriptedFetch(responding(chat()))
    const seen = observer()
    const client = clientOf('http://local', { clock, fetch, onEvent: seen.onEvent })
    const error = await failureOf(client.complete(asked, { deadline }))
    expect(error).toMatchObject({ ...TOTAL, sent: false, attempts: [] })
    expect(error.message).toBe(
      'timeout: the deadline had passed before the call began; no request was sent. It is a point in time; for a duration set timeout.',
    )
    expect([fetch.requests.length, clock.pending]).toEqual([0, 0])
    expect(seen.types()).toEqual(['failure'])
  },
)

test.each([
  ['replaces the default total', {}, 900_000, 900_000],
  ['holds before a later explicit total', { timeout: 5_000 }, 2_000, 2_000],
  ['gives way to an earlier explicit total', { timeout: 1_000 }, 2_000, 1_000],
])('a deadline %s', async (_what, options, offset, ends) => {
  const clock = testClock()
  const client = clientOf('http://local', { clock, fetch: scriptedFetch(deaf) })
  const failed = failureOf(client.complete(asked, { ...options, deadline: new Date(clock.wallNow() + offset) }))
  await clock.advance(ends - 1)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...TOTAL, duration: ends })
})

test.each([-3_600_000, 3_600_000])('a wall clock that jumps by %i changes no limit', async (jump) => {
  const clock = testClock()
  const fetch = scriptedFetch(down, silence)
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none', baseDelay: 200 } })
  const failed = failureOf(client.complete(asked, { deadline: clock.wallNow() + 1_000 }))
  await clock.advance(100)
  clock.jump(jump)
  await clock.advance(99)
  expect(fetch.requests).toHaveLength(1)
  await clock.advance(1)
  expect(fetch.requests).toHaveLength(2)
  await clock.advance(799)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...TOTAL, duration: 1_000 })
})

const zipped = (exchange: FaultExchange): void =>
  exchange.respond(gzipSync(JSON.stringify(chat())), { headers: { 'content-encoding': 'gzip' } })

test.each([
  [{ timeout: 150 }, answering],
  [{ timeout: { attempt: 150 } }, answering],
  [{ timeout: { headers: 150 } }, answering],
  [{ timeout: 150 }, zipped],
  [{ timeout: { attempt: 150 } }, zipped],
])('a busy loop does not lose an answer that came (%j, %o)', async (options, respond) => {
  await using server = await faultServer(respond)
  const client = clientOf(server.origin)
  await client.complete(asked)
  const call = client.complete(asked, { ...options, retry: 0 })
  await vi.waitUntil(() => server.requests.length === 2, { interval: 1 })
  // The answer is written by now, or will be before the loop is busy.
  await turns(1)
  const end = performance.now() + 300
  while (performance.now() < end);
  expect((await call).text).toBe(ANSWER)
})

test('a busy loop does not lose a stream that came whole', async () => {
  await using server = await faultServer((exchange) => streaming(exchange))
  const client = clientOf(server.origin)
  await client.complete(asked, { wire: 'stream' })
  const call = client.complete(asked, { wire: 'stream', timeout: 150, retry: 0 })
  await vi.waitUntil(() => server.requests.length === 2, { interval: 1 })
  await new Promise((resolve) => setImmediate(resolve))
  const end = performance.now() + 300
  while (performance.now() < end);
  expect((await call).text).toBe(TEXT)
})

test('fake timers of the host hold up no stream', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const events = `${word('Paris')}${finish()}${DONE}`
  const fetch = scriptedFetch(responding(events, 200, { 'content-type': 'text/event-stream' }))
  const client = clientOf('http://local', { fetch })
  expect(await client.complete(asked, { wire: 'stream' })).toMatchObject({ text: 'Paris' })
})

test('the limit for headers begins anew with a reconnect', async () => {
  await using server = await faultServer((exchange) => {
    if (exchange.connection.index > 0) setTimeout(() => answering(exchange), 300)
    else if (exchange.connection.requests > 1) setTimeout(() => exchange.reset(), 300)
    else answering(exchange)
  })
  const client = clientOf(server.origin)
  await client.complete(asked)
  await turns()
  const { attempts } = await client.complete(asked, { timeout: { headers: 500 }, retry: 0 })
  expect(attempts).toMatchObject([{ outcome: 'ok', reconnect: true }])
})

test('fake timers of the host drive a client without a clock', async () => {
  vi.useFakeTimers()
  try {
    const failed = failureOf(
      clientOf('http://local', { fetch: scriptedFetch(silence) }).complete(asked, { timeout: 9_000 }),
    )
    await vi.advanceTimersByTimeAsync(9_000)
    expect(await failed).toMatchObject(TOTAL)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('a retry draws its wait from the given random', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down, down, responding(chat()))
  const call = clientOf('http://local', { clock, fetch, random: () => 0.5 }).complete(asked)
  await clock.advance(10_000)
  expect((await call).attempts.map(({ delayBefore }) => delayBefore)).toEqual([0, 250, 500])
})

test('decorrelated waits grow from the one before', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down, down, responding(chat()))
  const retry = { jitter: 'decorrelated', baseDelay: 100 } as const
  const call = clientOf('http://local', { clock, fetch, retry, random: () => 1 }).complete(asked)
  await clock.advance(10_000)
  expect((await call).attempts.map(({ delayBefore }) => delayBefore)).toEqual([0, 300, 900])
})

test('no limit outlasts what it is for', async () => {
  const clock = testClock()
  const late = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => clock.setTimeout(() => resolve(), milliseconds))
  const fetch = async (): Promise<Response> => {
    await late(900)
    const start = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await late(900)
      controller.enqueue(new TextEncoder().encode(JSON.stringify(chat())))
      controller.close()
    }
    return new Response(new ReadableStream({ start: (controller) => void start(controller) }))
  }
  const timeout = { connect: 800, headers: 1_000 }
  const call = clientOf('http://local', { clock, fetch, retry: 0 }).complete(asked, { timeout })
  await clock.advance(1_800)
  expect((await call).duration).toBe(1_800)
})

test('an overload waits longer by default', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(responding('', 529), responding(chat()))
  const call = clientOf('http://local', { clock, fetch, random: () => 0.5 }).complete(asked)
  await clock.advance(10_000)
  expect((await call).attempts[1]?.delayBefore).toBe(500)
})

test('no wait is begun that a slow shouldRetry has left no room for', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down)
  const shouldRetry = () => new Promise<undefined>((resolve) => clock.setTimeout(() => resolve(undefined), 950))
  const retry = { jitter: 'none', baseDelay: 900, maxDelay: 900, shouldRetry } as const
  const failed = failureOf(clientOf('http://local', { clock, fetch }).complete(asked, { timeout: 2_000, retry }))
  await clock.advance(2_000)
  expect(await failed).toMatchObject({ code: 'server_error', stopReason: 'deadline', duration: 950 })
  expect(fetch.requests).toHaveLength(1)
})

test('a stream that is read too late says so, and makes no request', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(deaf)
  const stream = clientOf('http://local', { clock, fetch }).stream(asked, { timeout: 50 })
  await clock.advance(60)
  const error: unknown = await stream.completion.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    ...TOTAL,
    sent: false,
    message: expect.stringContaining('first read when its 50 ms were over') as string,
  })
  expect(fetch.requests).toHaveLength(0)
})
