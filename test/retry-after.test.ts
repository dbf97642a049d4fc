import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HintSource, retryAfter } from '../src/classify/retry-after.ts'

const NOW = Date.UTC(2027, 2, 4, 5, 6, 7)

function wait(headers: Record<string, string>, more: Partial<HintSource> = {}): number | undefined {
  return retryAfter({ headers, status: 429, code: 'rate_limit', wallNow: NOW, ...more })
}

describe('retry headers', () => {
  it.each([
    ['retry-after-ms', '1500', 1_500],
    ['retry-after-ms', '0.25', 1],
    ['x-ms-retry-after-ms', '90', 90],
    ['retry-after', '7', 7_000],
    ['retry-after', '0.1', 100],
    ['retry-after', ' 2 ', 2_000],
    ['retry-after', '0', 0],
    ['retry-after', '1.1', 1_100],
    ['retry-after', '3, 5', 5_000],
    ['retry-after', '277403', 277_403_000],
    ['retry-after', 'Thu, 04 Mar 2027 05:06:37 GMT', 30_000],
    ['retry-after', 'Thursday, 04-Mar-27 05:06:37 GMT', 30_000],
    ['retry-after', 'Thu Mar  4 05:06:37 2027', 30_000],
    ['retry-after', 'Thu, 04 Mar 2027 05:00:00 GMT', 0],
    ['llm_provider-retry-after', '9', 9_000],
  ])('%s: %s', (name, value, expected) => {
    expect(wait({ [name]: value })).toBe(expected)
  })

  it.each([
    '-1',
    'soon',
    '',
    '  ',
    'NaN',
    'Infinity',
    '1e3',
    '5 s',
    'March 5',
    'Thu, 04 Xyz 2027 05:06:37 GMT',
    '0x10',
  ])('say nothing with %j', (value) => {
    expect(wait({ 'retry-after': value, 'retry-after-ms': value })).toBeUndefined()
  })

  it('prefer milliseconds, also where they are zero', () => {
    expect(wait({ 'retry-after-ms': '0', 'retry-after': '9' })).toBe(0)
  })

  it('fall to the next source behind garbage', () => {
    expect(wait({ 'retry-after-ms': 'x', 'retry-after': '9' })).toBe(9_000)
    expect(wait({ 'retry-after': '-5' }, { text: 'try again in 3s' })).toBe(3_000)
  })

  it('measure a date against the server’s own clock', () => {
    const date = 'Thu, 04 Mar 2027 09:00:00 GMT'
    expect(wait({ date, 'retry-after': 'Thu, 04 Mar 2027 09:00:12 GMT' })).toBe(12_000)
  })
})

describe('reset headers', () => {
  it('name the bucket that is empty', () => {
    const headers = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '2m59.5s',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '9m0s',
    }
    expect(wait(headers)).toBe(179_500)
    expect(wait({ ...headers, 'x-ratelimit-remaining-tokens': '0' })).toBe(540_000)
  })

  it('say nothing where every bucket has something left', () => {
    const headers = { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '6s' }
    expect(wait(headers)).toBeUndefined()
  })

  it('are no hint under another failure', () => {
    expect(wait({ 'x-ratelimit-reset-after': '30' }, { status: 500, code: 'server_error' })).toBeUndefined()
  })

  it('are a hint for a quota that is used up', () => {
    expect(wait({ 'x-ratelimit-reset-after': '30' }, { code: 'quota_exceeded' })).toBe(30_000)
  })

  it.each(['-1', '0'])('mean nothing where Azure writes %s', (value) => {
    expect(wait({ 'x-ratelimit-reset-tokens': value })).toBeUndefined()
  })

  it.each([
    [{ 'x-ratelimit-reset-tokens': '20ms' }, 20],
    [{ 'x-ratelimit-reset-tokens': '42' }, 42_000],
    [
      { 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2027-03-04T05:06:27Z' },
      20_000,
    ],
    [{ 'anthropic-ratelimit-unified-reset': String(NOW / 1_000 + 60) }, 60_000],
    [
      {
        'anthropic-ratelimit-unified-5h-status': 'rejected',
        'anthropic-ratelimit-unified-5h-reset': String(NOW / 1_000 + 90),
      },
      90_000,
    ],
    [
      {
        'anthropic-ratelimit-unified-5h-status': 'rejected',
        'anthropic-ratelimit-unified-5h-reset': String(NOW / 1_000 + 90),
        'anthropic-ratelimit-unified-overage-status': 'allowed',
        'anthropic-ratelimit-unified-overage-reset': String(NOW / 1_000 + 900),
      },
      90_000,
    ],
    [
      {
        'anthropic-ratelimit-unified-status': 'allowed',
        'anthropic-ratelimit-unified-reset': String(NOW / 1_000 + 90),
      },
      undefined,
    ],
    [{ 'x-ratelimit-reset': String(NOW / 1_000 + 5) }, 5_000],
    [{ 'x-ratelimit-reset': String(NOW + 7_000) }, 7_000],
    [{ 'x-ratelimit-reset': String(NOW / 1_000 - 5) }, 0],
    [{ 'x-ratelimit-reset-after': '1.5' }, 1_500],
    [{ 'ratelimit-reset': '11' }, 11_000],
    [{ 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '12.5' }, 12_500],
    [{ 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '11' }, undefined],
    [{ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '11' }, undefined],
    [{ 'x-ratelimit-reset': 'a quarter past 5s' }, undefined],
  ])('%j', (headers, expected) => {
    expect(wait(headers)).toBe(expected)
  })
})

describe('bodies', () => {
  it.each([
    [{ error: { details: [{ x: 1 }, { '@type': 'google.rpc.RetryInfo', retryDelay: '34.4s' }] } }, 34_400],
    [{ error: { details: [{ retryDelay: '0.s' }] } }, 0],
    [{ error: { details: [{ retryDelay: '0.539477544s' }] } }, 540],
    [[{ error: { details: [{ retryDelay: '68940s' }] } }], 68_940_000],
    [{ error: { metadata: { headers: { 'X-RateLimit-Reset': String(NOW + 45_000) } } } }, 45_000],
    [{ error: { metadata: { headers: { 'Retry-After': '8' } } } }, 8_000],
    [{ error: 'loading', estimated_time: 20.5 }, 20_500],
    [{ error: { details: [{ retryDelay: '-3s' }] } }, undefined],
    [{ error: { message: JSON.stringify({ error: { details: [{ retryDelay: '9s' }] } }) } }, 9_000],
    [{ error: { metadata: { raw: JSON.stringify({ error: { details: [{ retryDelay: '8s' }] } }) } } }, 8_000],
    [JSON.parse('{"estimated_time":1e999}'), Number.MAX_SAFE_INTEGER],
    [{ error: { retry_after: 0 } }, 0],
    [{ error: { retry_after: -5 } }, undefined],
    [{ error: { resets_in_seconds: 12 } }, 12_000],
  ])('%j', (json, expected) => {
    expect(wait({}, { json })).toBe(expected)
  })
})

describe('texts', () => {
  it.each([
    ['Please try again in 1.4s.', 1_400],
    ['Please try again in 7m12s. Visit the page.', 432_000],
    ['try again in 16m32.64s', 992_640],
    ['try again in 1h2m3s', 3_723_000],
    ['Please retry after 33 seconds.', 33_000],
    ['Please retry in 900.2ms.', 901],
    ['Please wait 5631 seconds before retrying', 5_631_000],
    ['Try again in 60 seconds. Passed model=m', 60_000],
    ['please try again after 1 seconds', 1_000],
    ['PLEASE TRY AGAIN IN 12 SECONDS', 12_000],
    ['try again in 500 millis', 500],
    ['Your quota will reset after 21h13m0s', 76_380_000],
    ['retry in 2 minutes and 5 seconds', 125_000],
    [String.raw`GeminiException - {"details": [{"retryDelay": "26s"}]}`, 26_000],
    [String.raw`GeminiException - b'{\"retryDelay\": \"26.5s\"}'`, 26_500],
    ['If it was created within the last 5 minutes, please wait a moment', undefined],
    ['Please try again later', undefined],
    ['Limit 5, 60s window', undefined],
  ])('%s', (text, expected) => {
    expect(wait({}, { text })).toBe(expected)
  })

  it('are no hint where waiting does not help', () => {
    expect(wait({}, { text: 'try again in 3s', status: 400, code: 'invalid_request' })).toBeUndefined()
  })
})

describe('whatever a server sends', () => {
  it('gives a whole number that is not negative, or nothing', () => {
    const names = ['retry-after-ms', 'retry-after', 'x-ratelimit-reset', 'x-ratelimit-reset-tokens', 'date']
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), fc.string()),
        fc.jsonValue(),
        fc.string(),
        (headers, json, text) => {
          const hint = wait(headers, { json, text })
          expect(hint === undefined || (Number.isInteger(hint) && hint >= 0)).toBe(true)
        },
      ),
    )
  })

  it('is never earlier than a number of seconds says', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (seconds) => {
        const hint = wait({ 'retry-after': seconds.toFixed(3) }) ?? -1
        expect(hint).toBeGreaterThanOrEqual(Number(seconds.toFixed(3)) * 1_000 - 1e-6)
        expect(hint).toBeLessThan(seconds * 1_000 + 2)
      }),
    )
  })

  it('reads every date form alike', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400 }), (ahead) => {
        const date = new Date(NOW + ahead * 1_000)
        const [, day, month, year, time] = date.toUTCString().split(' ')
        const forms = [
          date.toUTCString(),
          `Thursday, ${day}-${month}-${year?.slice(2)} ${time} GMT`,
          `Thu ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`,
          date.toISOString(),
        ]
        expect(forms.map((form) => wait({ 'retry-after': form }))).toEqual(forms.map(() => ahead * 1_000))
      }),
    )
  })
})
