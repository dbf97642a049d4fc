import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deadlineFrom, platforms } from '../../src/server.ts'

const NOW = 1_800_000_000_000
const reserve = 500

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => void vi.useRealTimers())

describe('a header', () => {
  const from = (header: string, value: string) =>
    deadlineFrom({ header, of: { headers: { [header]: value } } }, { reserve: 0 })

  it.each([
    ['grpc-timeout', '5S', 5_000],
    ['grpc-timeout', '2M', 120_000],
    ['grpc-timeout', '1H', 3_600_000],
    ['grpc-timeout', '250m', 250],
    ['grpc-timeout', '2500u', 2.5],
    ['grpc-timeout', '99999999n', 99.999_999],
    ['connect-timeout-ms', '1500', 1_500],
    ['connect-timeout-ms', '0', 0],
    ['x-envoy-expected-rq-timeout-ms', '2000', 2_000],
    ['x-request-timeout-ms', '300', 300],
  ])('%s: %s leaves %d ms', (header, value, left) => {
    expect(from(header, value)).toBeCloseTo(NOW + left, 3)
  })

  it.each([
    ['grpc-timeout', '123456789S'],
    ['grpc-timeout', '5'],
    ['grpc-timeout', '-5S'],
    ['grpc-timeout', '5 S'],
    ['connect-timeout-ms', '12345678901'],
    ['connect-timeout-ms', '1e3'],
    ['connect-timeout-ms', ''],
    // Envoy's word for no limit.
    ['x-envoy-expected-rq-timeout-ms', '0'],
    ['x-request-timeout-ms', '10, 20'],
  ])('%s: %j says nothing', (header, value) => {
    expect(from(header, value)).toBeUndefined()
  })

  it('never throws, whatever it says', () => {
    const headers = fc.constantFrom('grpc-timeout', 'connect-timeout-ms', 'x-envoy-expected-rq-timeout-ms', 'x-own')
    fc.assert(
      fc.property(headers, fc.string(), (header, value) => {
        const deadline = from(header, value)
        expect(deadline === undefined || deadline >= NOW).toBe(true)
      }),
    )
  })

  it('is found in every form of a request', () => {
    const header = 'x-timeout-ms'
    const web = new Request('http://localhost/', { headers: { 'X-Timeout-Ms': '100' } })
    const forms = [web, web.headers, { 'X-Timeout-Ms': '100' }, { headers: { [header]: '100' } }, { req: { raw: web } }]
    const nested = { req: { headers: { [header]: '100' } } }
    // `headersDistinct`, `multiValueHeaders`.
    const listed = { [header]: ['100'] }
    for (const of of [...forms, nested, listed]) expect(deadlineFrom({ header, of }, { reserve: 0 })).toBe(NOW + 100)
  })

  it('may count in seconds', () => {
    const source = { header: { name: 'x-timeout', unit: 's' as const }, of: { 'x-timeout': '3' } }
    expect(deadlineFrom(source, { reserve: 0 })).toBe(NOW + 3_000)
  })

  it('may name its milliseconds', () => {
    const source = { header: { name: 'x-timeout', unit: 'ms' as const }, of: { 'x-timeout': '3' } }
    expect(deadlineFrom(source, { reserve: 0 })).toBe(NOW + 3)
  })

  it.each([['Grpc-Timeout'], [{ name: 'X-Timeout', unit: 's' as const }]])('may be named in any case: %j', (header) => {
    const of = { 'grpc-timeout': '5S', 'x-timeout': '5' }
    expect(deadlineFrom({ header, of }, { reserve: 0 })).toBe(NOW + 5_000)
  })

  it.each([{}, { name: 'x-timeout' }, { name: 'x-timeout', unit: 'seconds' }, { name: '', unit: 's' }, '', 5])(
    'is refused as %j',
    (header) => {
      const source = { header: header as never, of: { 'x-timeout': '30' } }
      expect(() => deadlineFrom(source, { reserve: 0 })).toThrow(/^source\.header must be the name of a header/)
    },
  )

  it('is not believed unless it is named', () => {
    const request = new Request('http://localhost/', { headers: { 'grpc-timeout': '1S' } })
    expect(deadlineFrom({ header: 'connect-timeout-ms', of: request }, { reserve })).toBeUndefined()
    expect(() => deadlineFrom(request as never, { reserve })).toThrow(/source must be a Lambda context/)
  })
})

describe('a platform', () => {
  it('counts from now, or from the start that is told', () => {
    expect(deadlineFrom(platforms.heroku, { reserve })).toBe(NOW + 29_500)
    expect(deadlineFrom(platforms.heroku, { reserve, startedAt: NOW - 10_000 })).toBe(NOW + 19_500)
  })

  it.each([
    ['REST', { requestContext: { requestTimeEpoch: NOW - 4_000 } }],
    ['HTTP', { requestContext: { timeEpoch: NOW - 4_000 } }],
  ])("counts from the gateway's receipt in a %s event", (_, event) => {
    const source = { platform: platforms.awsApiGateway, event }
    expect(deadlineFrom(source, { reserve })).toBe(NOW + 29_000 - 4_000 - reserve)
  })

  it('is not made longer by a gateway clock that runs ahead', () => {
    const event = { requestContext: { timeEpoch: NOW + 60_000 } }
    expect(deadlineFrom({ platform: platforms.awsApiGateway, event }, { reserve })).toBe(NOW + 28_500)
  })

  it('counts from now where the event says nothing', () => {
    const platform = { name: 'own', limit: 5_000, until: 'response', receivedAt: () => Number.NaN } as const
    expect(deadlineFrom({ platform, event: {} }, { reserve })).toBe(NOW + 4_500)
    expect(deadlineFrom({ platform: platforms.awsAlb, event: {} }, { reserve })).toBe(NOW + 59_500)
  })
})

describe('several sources', () => {
  const context = { getRemainingTimeInMillis: () => 12_000 }

  it('let the earliest hold, less the reserve', () => {
    const sources = [platforms.awsApiGateway, context, new Date(NOW + 40_000), NOW + 50_000]
    expect(deadlineFrom(sources, { reserve })).toBe(NOW + 11_500)
  })

  it('say nothing where none does', () => {
    expect(deadlineFrom([{ header: 'grpc-timeout', of: {} }], { reserve })).toBeUndefined()
    expect(deadlineFrom([], { reserve })).toBeUndefined()
  })

  it.each([[-1], [Number.NaN], [undefined]])('refuse the reserve %s', (wrong) => {
    expect(() => deadlineFrom(context, { reserve: wrong as number })).toThrow(/^reserve must be/)
  })

  it('name an option that is missing or misspelt', () => {
    expect(() => deadlineFrom(context, undefined as never)).toThrow('options must be an object with reserve')
    expect(() => deadlineFrom(context, { reserve, startedat: 1 } as never)).toThrow('did you mean startedAt?')
  })

  it.each([[new Date(Number.NaN)], [Number.NaN], ['soon'], [null]])('refuse the source %s', (wrong) => {
    expect(() => deadlineFrom(wrong as never, { reserve })).toThrow(/^source must be/)
  })
})

it.each([
  [{ ...platforms.nginx, limit: '5' }, /^limit must be a number of milliseconds/],
  [{ platform: { limit: Number.NaN } }, /^limit must be/],
  [{ platform: undefined }, /^source\.platform must be/],
  [{ header: 'grpc-timeout', of: undefined }, /^source\.of must be/],
  [{ getRemainingTimeInMillis: () => undefined }, /^getRemainingTimeInMillis\(\) must be/],
])('the source %o is a TypeError that names the field', (source, message) => {
  expect(() => deadlineFrom(source as never, { reserve: 0 })).toThrow(message)
})

it('a source that is absent says nothing', () => {
  expect(deadlineFrom([undefined, NOW + 5_000], { reserve: 1_000 })).toBe(NOW + 4_000)
  expect(deadlineFrom(undefined, { reserve: 1_000 })).toBeUndefined()
})
