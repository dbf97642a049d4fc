import { type CallEvent, CompletionError, createClient, openai, openaiCompatible } from 'punctual'
import { afterEach, expect, test, vi } from 'vitest'
import { asked, clientOf, failureOf, KEY, observer, responding, scriptedFetch } from '../support/call.ts'
import { ANSWER, chat, failure } from '../support/chat.ts'
import { testClock } from '../support/test-clock.ts'

afterEach(() => vi.unstubAllEnvs())

const down = responding(failure('down', 'server_error'), 500)
const refused = responding(failure('bad key', 'invalid_request_error', 'invalid_api_key'), 401)
const good = responding(chat())

function keysOf(fetch: ReturnType<typeof scriptedFetch>): (string | null)[] {
  return fetch.requests.map(({ headers }) => new Headers(headers).get('authorization'))
}

test('a function is asked for every attempt', async () => {
  const fetch = scriptedFetch(down, down, good)
  const apiKey = vi.fn(async () => `key-${apiKey.mock.calls.length}`)
  expect((await clientOf('http://local', { fetch, apiKey }).complete(asked)).text).toBe(ANSWER)
  expect(keysOf(fetch)).toEqual(['Bearer key-1', 'Bearer key-2', 'Bearer key-3'])
  expect(apiKey).toHaveBeenCalledWith({ signal: expect.any(AbortSignal), provider: 'local' })
})

test("a call's key goes over the provider's", async () => {
  const fetch = scriptedFetch(good)
  const client = clientOf('http://local', { fetch })
  await client.complete(asked)
  await client.complete(asked, { apiKey: 'tenant-key' })
  expect(keysOf(fetch)).toEqual([`Bearer ${KEY}`, 'Bearer tenant-key'])
})

test('a function is asked once more after a 401', async () => {
  const fetch = scriptedFetch(refused, good)
  const apiKey = vi.fn(() => `key-${apiKey.mock.calls.length}`)
  const told: CallEvent[] = []
  const onEvent = (event: CallEvent): void => void told.push(event)
  const { attempts } = await clientOf('http://local', { fetch, apiKey, retry: 0, onEvent }).complete(asked)
  expect(keysOf(fetch)).toEqual(['Bearer key-1', 'Bearer key-2'])
  expect(told.filter(({ type }) => type === 'retry')).toMatchObject([{ attempt: 1, delay: 0, delayFrom: null }])
  expect(attempts).toMatchObject([
    { outcome: 'error', status: 401, error: { code: 'authentication' } },
    { outcome: 'ok', delayBefore: 0, delayFrom: null },
  ])
})

test('a function is asked no more than once more', async () => {
  const fetch = scriptedFetch(refused)
  const apiKey = vi.fn(() => 'stale')
  const error = await failureOf(clientOf('http://local', { fetch, apiKey }).complete(asked))
  expect(error).toMatchObject({ code: 'authentication', retryable: false, stopReason: 'not_retryable', status: 401 })
  expect([fetch.requests.length, apiKey.mock.calls.length]).toEqual([2, 2])
})

test.each([
  ['a fixed key', {}],
  ['retry: false', { retry: false, apiKey: () => 'k' }],
] as const)('a 401 ends the call with %s', async (_what, options) => {
  const fetch = scriptedFetch(refused)
  await failureOf(clientOf('http://local', { fetch, ...options }).complete(asked))
  expect(fetch.requests).toHaveLength(1)
})

test("the provider's own function is asked alike", async () => {
  const fetch = scriptedFetch(refused, good)
  const apiKey = vi.fn(async () => `key-${apiKey.mock.calls.length}`)
  const client = createClient({ provider: openaiCompatible({ name: 'own', baseURL: 'http://local', apiKey }), fetch })
  await client.complete({ ...asked, model: 'm' })
  expect(keysOf(fetch)).toEqual(['Bearer key-1', 'Bearer key-2'])
})

test('a function that hangs is ended by the attempt limit', async () => {
  const clock = testClock()
  const signals: AbortSignal[] = []
  const apiKey = ({ signal }: { signal: AbortSignal }): Promise<string> => {
    signals.push(signal)
    return new Promise(() => {})
  }
  const fetch = scriptedFetch(good)
  const client = clientOf('http://local', { clock, fetch, apiKey })
  const failed = failureOf(client.complete(asked, { timeout: { attempt: 100 }, retry: 1 }))
  await clock.advance(200)
  expect(await failed).toMatchObject({ code: 'timeout', phase: 'attempt', sent: false, stopReason: 'max_retries' })
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  expect([fetch.requests.length, clock.pending]).toEqual([0, 0])
})

test('a function that hangs after a 401 is ended by the total', async () => {
  const clock = testClock()
  let signal: AbortSignal | undefined
  const apiKey = (context: { signal: AbortSignal }): string | Promise<string> => {
    if (!signal) {
      signal = context.signal
      return 'first'
    }
    signal = context.signal
    return new Promise(() => {})
  }
  const failed = failureOf(
    clientOf('http://local', { clock, fetch: scriptedFetch(refused), apiKey }).complete(asked, { timeout: 500 }),
  )
  await clock.advance(500)
  expect(await failed).toMatchObject({ code: 'timeout', phase: 'total', status: 401 })
  expect(signal?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

const LEAKY = new Error('vault said no')
test.each<[string, () => string | Promise<string>]>([
  [
    'throws',
    () => {
      throw LEAKY
    },
  ],
  ['rejects', () => Promise.reject(LEAKY)],
])('a function that %s is an authentication error', async (_what, apiKey) => {
  const fetch = scriptedFetch(good)
  const seen = observer()
  const client = clientOf('http://local', { fetch, apiKey, metadata: { a: 1 }, onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked))
  expect(error).toMatchObject({
    code: 'authentication',
    retryable: false,
    sent: false,
    provider: 'local',
    model: 'm',
    metadata: { a: 1 },
    cause: LEAKY,
    attempts: [{ outcome: 'error', error: { code: 'authentication' } }],
  })
  expect(error.callId).toBe(seen.events[0]?.callId)
  expect(fetch.requests).toHaveLength(0)
})

test('a function that fails after a 401 ends the call completely', async () => {
  const apiKey = vi
    .fn<() => string>()
    .mockReturnValueOnce('first')
    .mockImplementation(() => {
      throw LEAKY
    })
  const seen = observer()
  const clock = testClock()
  const fetch = scriptedFetch(() => clock.advance(30).then(refused))
  const client = clientOf('http://local', { clock, fetch, apiKey, onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked))
  expect(error).toMatchObject({ code: 'authentication', stopReason: 'not_retryable', attempts: [{ status: 401 }] })
  expect(error.duration).toBe(30)
  expect(seen.types().at(-1)).toBe('failure')
})

test.each([[''], [undefined], [5], ['a\r\nb']])('a function that gives %j sends nothing', async (key) => {
  const fetch = scriptedFetch(good)
  const error = await failureOf(clientOf('http://local', { fetch, apiKey: () => key as string }).complete(asked))
  expect(error).toMatchObject({ code: 'authentication', retryable: false, sent: false })
  expect(fetch.requests).toHaveLength(0)
})

test("another call's error stays as it was", async () => {
  const other = new CompletionError({
    code: 'network',
    message: 'network: other',
    callId: 'call_other',
    retryable: true,
  })
  const before = JSON.stringify(other)
  const apiKey = (): never => {
    throw other
  }
  const error = await failureOf(clientOf('http://local', { fetch: scriptedFetch(good), apiKey }).complete(asked))
  expect(error).not.toBe(other)
  expect(error).toMatchObject({ code: 'network', retryable: false, provider: 'local', cause: other })
  expect(JSON.stringify(other)).toBe(before)
})

test('a missing key names its variable, before any request', async () => {
  vi.stubEnv('OPENAI_API_KEY', '')
  const fetch = scriptedFetch(good)
  const client = createClient({ provider: openai, fetch })
  const error = await failureOf(client.complete({ ...asked, model: 'm' }))
  expect(error).toMatchObject({ code: 'authentication', retryable: false, sent: false, stopReason: 'not_retryable' })
  expect(error.message).toContain('OPENAI_API_KEY')
  expect(error.callId).toBeTruthy()
  expect(fetch.requests).toHaveLength(0)
})

test('the environment is read when the call is made', async () => {
  const fetch = scriptedFetch(good)
  const client = createClient({ provider: openai, model: 'm', fetch })
  vi.stubEnv('OPENAI_API_KEY', 'late-key')
  await client.complete(asked)
  expect(keysOf(fetch)).toEqual(['Bearer late-key'])
})

test("a caller's own authorization header replaces the key", async () => {
  vi.stubEnv('OPENAI_API_KEY', '')
  const fetch = scriptedFetch(good)
  const client = createClient({ provider: openai, model: 'm', fetch })
  await client.complete(asked, { headers: { Authorization: 'Custom abc' } })
  expect(keysOf(fetch)).toEqual(['Custom abc'])
})

test('a credential that was refused is shown no more than its successor', async () => {
  const speaking = responding(failure('the key old-credential-alpha was revoked', 'permission_error'), 403)
  let asked401 = 0
  const apiKey = (): string => (asked401++ === 0 ? 'old-credential-alpha' : 'new-credential-gamma')
  const fetch = scriptedFetch(refused, speaking)
  const error = await failureOf(clientOf('http://local', { fetch, apiKey }).complete(asked))
  expect(error.code).toBe('permission')
  expect(JSON.stringify(error)).not.toContain('alpha')
})

test('a function is not asked once more when too little time is left', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(async () => {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 950))
    return refused()
  })
  const apiKey = vi.fn(() => 'stale')
  const failed = failureOf(clientOf('http://local', { clock, fetch, apiKey }).complete(asked, { timeout: 1_000 }))
  await clock.advance(1_000)
  expect(await failed).toMatchObject({ code: 'authentication', status: 401, duration: 950 })
  expect(apiKey).toHaveBeenCalledTimes(1)
})
