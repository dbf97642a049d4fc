import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastAttempt, nextWait, type RetrySituation } from '../src/attempt/backoff.ts'
import type { RetryPolicy } from '../src/call/resolve-options.ts'

const POLICY: RetryPolicy = {
  maxRetries: 2,
  baseDelay: undefined,
  maxDelay: undefined,
  factor: 2,
  jitter: 'full',
  maxRetryAfter: 120_000,
}
const situation = (over: Partial<RetrySituation> = {}): RetrySituation => ({
  code: 'server_error',
  retries: 0,
  previousDelay: 0,
  retryAfterMs: undefined,
  remaining: 600_000,
  total: 600_000,
  random: () => 0.999_999,
  ...over,
})
const delays = (policy: Partial<RetryPolicy>, over: Partial<RetrySituation> = {}): unknown[] =>
  [0, 1, 2, 3, 4, 5, 6].map((retries) => {
    const wait = nextWait({ ...POLICY, ...policy }, situation({ retries, ...over }))
    return wait.kind === 'wait' ? Math.round(wait.delay) : wait.reason
  })

describe('the schedule', () => {
  test('doubles from half a second up to eight', () => {
    expect(delays({ jitter: 'none' })).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
  })

  test.each(['rate_limit', 'overloaded'] as const)('begins later and goes further after %s', (code) => {
    expect(delays({ jitter: 'none' }, { code })).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
  })

  test("is the caller's own where one is given", () => {
    expect(delays({ jitter: 'none', baseDelay: 10, factor: 3, maxDelay: 100 }, { code: 'rate_limit' })).toEqual([
      10, 30, 90, 100, 100, 100, 100,
    ])
  })

  test.each([
    ['full', 0, 1_000],
    ['equal', 500, 1_000],
    ['decorrelated', 500, 1_500],
  ] as const)('with %s jitter lies between %i and %i', (jitter, least, most) => {
    const at = (random: number): unknown =>
      nextWait({ ...POLICY, jitter }, situation({ retries: 1, random: () => random }))
    expect(at(0)).toMatchObject({ delay: least })
    expect(at(1)).toMatchObject({ delay: most })
  })
})

const policies = fc.record({
  maxRetries: fc.nat(10),
  baseDelay: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
  maxDelay: fc.option(fc.nat(1e6), { nil: undefined }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  jitter: fc.constantFrom('full', 'equal', 'decorrelated', 'none'),
  maxRetryAfter: fc.double({ min: 0, max: 1e6, noNaN: true }),
})
const situations = fc
  .record({
    code: fc.constantFrom('server_error', 'rate_limit', 'overloaded', 'network', 'timeout'),
    retries: fc.nat(2_000),
    previousDelay: fc.double({ min: 0, max: 1e6, noNaN: true }),
    retryAfterMs: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined }),
    total: fc.oneof(fc.double({ min: 1, max: 1e7, noNaN: true }), fc.constant(Infinity)),
    left: fc.double({ min: 0, max: 1, noNaN: true }),
    dice: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map(
    ({ left, dice, ...rest }): RetrySituation => ({
      ...rest,
      remaining: rest.total === Infinity ? Infinity : rest.total * left,
      random: () => dice,
    }),
  )

test('a wait always leaves room for an attempt', () => {
  fc.assert(
    fc.property(policies, situations, (policy, seen) => {
      const wait = nextWait(policy, seen)
      if (wait.kind === 'stop') return
      expect(wait.delay).toBeGreaterThanOrEqual(0)
      expect(Number.isFinite(wait.delay)).toBe(true)
      expect(wait.delay).toBeLessThanOrEqual(seen.remaining - leastAttempt(seen.total))
    }),
  )
})

test('a wait is never shorter than the server asked for', () => {
  fc.assert(
    fc.property(policies, situations, (policy, seen) => {
      const wait = nextWait(policy, seen)
      if (seen.retryAfterMs === undefined || wait.kind === 'stop') return
      expect(wait).toMatchObject({ from: 'server' })
      expect(wait.delay).toBeGreaterThanOrEqual(seen.retryAfterMs)
      expect(wait.delay).toBeLessThanOrEqual(seen.retryAfterMs * 1.1 + 1e-6)
    }),
  )
})

test('no first wait stays none after any number of retries', () => {
  const wait = nextWait({ ...POLICY, baseDelay: 0, factor: 3 }, situation({ retries: 700 }))
  expect(wait).toMatchObject({ kind: 'wait', delay: 0 })
})

test('a wait of our own never exceeds its cap', () => {
  fc.assert(
    fc.property(policies, situations, (policy, seen) => {
      const wait = nextWait(policy, { ...seen, retryAfterMs: undefined })
      const cap = policy.maxDelay ?? 20_000
      return wait.kind === 'wait' ? wait.delay <= cap : wait.reason === 'deadline'
    }),
  )
})

test('a hint is refused only beyond its limits', () => {
  fc.assert(
    fc.property(policies, situations, fc.double({ min: 0, max: 1e7, noNaN: true }), (policy, seen, hint) => {
      const wait = nextWait(policy, { ...seen, retryAfterMs: hint })
      const fits = hint <= policy.maxRetryAfter && hint <= seen.remaining - leastAttempt(seen.total)
      return fits ? wait.kind === 'wait' : wait.kind === 'stop' && wait.reason === 'retry_after'
    }),
  )
})

test.each([
  [600_000, 1_000],
  [10_000, 1_000],
  [5_000, 500],
  [Infinity, 1_000],
])('an attempt is worth its start within %i ms if %i are left', (total, least) => {
  expect(leastAttempt(total)).toBe(least)
})
