import type { ClientDefaults } from 'punctual'
import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, observer, responding, scriptedFetch } from '../support/call.ts'
import { chat, failure } from '../support/chat.ts'
import { testClock } from '../support/test-clock.ts'

const WALL = Date.UTC(2026, 0, 1)
const date = (offset: number): string => new Date(WALL + offset).toUTCString()
const limited = (headers: Record<string, string>): (() => Response) =>
  responding(failure('slow down', 'rate_limit'), 429, headers)

function start(headers: Record<string, string>, options: ClientDefaults = {}) {
  const clock = testClock(WALL)
  const fetch = scriptedFetch(limited(headers), responding(chat()))
  const seen = observer()
  const client = clientOf('http://local', { clock, fetch, onEvent: seen.onEvent, ...options })
  const call = client.complete(asked)
  call.catch(() => {})
  return { clock, fetch, seen, call }
}

test.each<[string, Record<string, string>, number]>([
  ['zero', { 'retry-after': '0' }, 0],
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['fractions of seconds', { 'retry-after': '1.25' }, 1_250],
  ['milliseconds', { 'retry-after-ms': '1234' }, 1_234],
  ['milliseconds before seconds', { 'retry-after-ms': '100', 'retry-after': '9' }, 100],
  ['a date', { 'retry-after': date(9_000) }, 9_000],
  ["a date by the server's own clock", { 'retry-after': date(3_609_000), date: date(3_600_000) }, 9_000],
  ['a past date', { 'retry-after': date(-60_000) }, 0],
])('a hint of %s is waited for and no less', async (_what, headers, wait) => {
  const { clock, fetch, seen, call } = start(headers)
  await clock.advance(0)
  expect(seen.events.find(({ type }) => type === 'retry')).toMatchObject({ delay: wait, delayFrom: 'server' })
  await clock.advance(Math.max(0, wait - 1))
  expect(fetch.requests).toHaveLength(wait > 0 ? 1 : 2)
  await clock.advance(1)
  expect(fetch.requests).toHaveLength(2)
  const { attempts } = await call
  expect(attempts[1]).toMatchObject({ delayBefore: wait, delayFrom: 'server' })
  expect(clock.pending).toBe(0)
})

test.each(['soon', '-5', '1e', ''])('a hint of %j means that nothing was said', async (hint) => {
  const { clock, seen, call } = start({ 'retry-after': hint }, { random: () => 0.5, retry: { jitter: 'none' } })
  await clock.advance(0)
  expect(seen.events.find(({ type }) => type === 'retry')).toMatchObject({ delay: 1_000, delayFrom: 'backoff' })
  await clock.advance(1_000)
  await call
})

test('jitter never comes earlier than a hint', async () => {
  const { clock, seen, call } = start({ 'retry-after': '10' }, { random: () => 0.999 })
  await clock.advance(0)
  const retry = seen.events.find(({ type }) => type === 'retry') as { delay: number }
  expect(retry.delay).toBeGreaterThanOrEqual(10_000)
  expect(retry.delay).toBeLessThanOrEqual(11_000)
  await clock.advance(11_000)
  await call
})

test.each<[string, string, ClientDefaults]>([
  ['exceeds maxRetryAfter', '121', {}],
  ['exceeds a maxRetryAfter of the caller', '3', { retry: { maxRetryAfter: 2_000 } }],
  ['is absurd', '99999999999999999999', {}],
  ['does not fit the deadline', '20', { timeout: 10_000 }],
  ['leaves too little of the deadline', '9.5', { timeout: 10_000 }],
])('a hint that %s ends the call at once', async (_what, hint, options) => {
  const { clock, fetch, call } = start({ 'retry-after': hint }, options)
  const error = await failureOf(call)
  expect(error).toMatchObject({ code: 'rate_limit', retryable: true, stopReason: 'retry_after' })
  expect(error.retryAfterMs).toBeGreaterThan(2_000)
  expect(fetch.requests).toHaveLength(1)
  expect([clock.now(), clock.pending]).toEqual([0, 0])
})

test('shouldRetry cannot undercut the hint', async () => {
  const { clock, fetch, call } = start({ 'retry-after': '5' }, { retry: { shouldRetry: () => ({ delay: 1 }) } })
  await clock.advance(4_999)
  expect(fetch.requests).toHaveLength(1)
  await clock.advance(1)
  expect((await call).attempts[1]).toMatchObject({ delayBefore: 5_000, delayFrom: 'server' })
})

test('a wait lasts as long as the clock says, whatever its timers do', async () => {
  const clock = testClock()
  const early = {
    ...clock,
    setTimeout: (callback: () => void, milliseconds: number) => clock.setTimeout(callback, milliseconds / 2),
  }
  const fetch = scriptedFetch(
    responding(failure('wait', 'rate_limit'), 429, { 'retry-after-ms': '300' }),
    responding(chat()),
  )
  const call = clientOf('http://local', { clock: early, fetch }).complete(asked)
  await clock.advance(1_000)
  expect((await call).attempts[1]?.startOffset).toBeGreaterThanOrEqual(300)
})

test('a wait longer than any timer of the host lasts as long as it has to', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(
    responding(failure('wait', 'rate_limit'), 429, { 'retry-after': '3000000' }),
    responding(chat()),
  )
  const options = { timeout: Infinity, retry: { maxRetryAfter: Infinity } }
  const call = clientOf('http://local', { clock, fetch }).complete(asked, options)
  await clock.advance(4_000_000_000)
  expect((await call).attempts[1]?.startOffset).toBeGreaterThanOrEqual(3_000_000_000)
})

test.each([
  ['x-should-retry', { 'x-should-retry': 'false' }, { retryable: false, stopReason: 'not_retryable' }],
  ['retry-after', { 'retry-after': '2' }, { retryable: true, retryAfterMs: 2_000, stopReason: 'max_retries' }],
])('%s of a 200 that is no answer is heeded', async (_, headers, expected) => {
  const fetch = scriptedFetch(responding('<html>down</html>', 200, headers))
  const retry = 'retry-after' in headers ? 0 : 2
  const error = await failureOf(clientOf('http://local', { fetch }).complete(asked, { retry }))
  expect(error).toMatchObject({ code: 'invalid_response', ...expected })
  expect(fetch.requests).toHaveLength(1)
})
