import { execFileSync } from 'node:child_process'
import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { type AnyCompletionError, CompletionError, type CompletionErrorJSON, isCompletionError } from 'punctual'
import { describe, expect, test, vi } from 'vitest'
import { asked, clientOf, failureOf, responding, scriptedFetch } from './support/call.ts'

const whole = {
  code: 'rate_limit',
  message: 'rate_limit: slow down',
  retryable: true,
  stopReason: 'max_retries',
  sent: true,
  status: 429,
  providerCode: 'slow',
  providerMessage: 'slow down',
  requestId: 'req_1',
  retryAfterMs: 0,
  provider: 'local',
  model: 'm',
  callId: 'call_1',
  metadata: { a: 1 },
  duration: 5,
  attempts: [],
} as const

test('needs no more than a code and a message', () => {
  const error = new CompletionError({ code: 'network', message: 'network: gone' })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    code: 'network',
    name: 'CompletionError',
    retryable: false,
    sent: false,
    attempts: [],
    metadata: {},
  })
  expect(String(error)).toBe('CompletionError: network: gone')
})

test.each([
  ['timeout', 'TimeoutError'],
  ['aborted', 'AbortError'],
  ['quota_exceeded', 'CompletionError'],
] as const)('of code %s is named %s', (code, name) => {
  expect(new CompletionError({ code, message: '' }).name).toBe(name)
})

test('comes back from JSON as it was', () => {
  const plain = JSON.parse(JSON.stringify([new CompletionError(whole)])) as CompletionErrorJSON[]
  // Handed over by itself, as a function.
  const [error] = plain.map(CompletionError.fromJSON) as [AnyCompletionError]
  expect(isCompletionError(error)).toBe(true)
  expect(error).toMatchObject(whole)
  expect(error.toJSON()).toEqual(new CompletionError(whole).toJSON())
})

test('has a plain form that round-trips whatever it holds', () => {
  const text = fc.option(fc.string(), { nil: undefined })
  const init = fc.record({
    code: fc.constantFrom('timeout' as const, 'aborted' as const, 'network' as const, 'rate_limit' as const),
    message: fc.string(),
    retryable: fc.boolean(),
    sent: fc.boolean(),
    status: fc.option(fc.nat(599), { nil: undefined }),
    providerCode: text,
    requestId: text,
    retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
    metadata: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.nat())),
  })
  fc.assert(
    fc.property(init, (members) => {
      const plain = new CompletionError(members).toJSON()
      expect(CompletionError.fromJSON(JSON.parse(JSON.stringify(plain))).toJSON()).toEqual(
        JSON.parse(JSON.stringify(plain)),
      )
    }),
    { numRuns: 50 },
  )
})

test('a thrown one survives JSON whole', async () => {
  const fetch = scriptedFetch(responding({ error: { message: 'no', code: 'x' } }, 404, { 'x-request-id': 'r' }))
  const error = await failureOf(clientOf('http://local', { fetch }).complete(asked, { metadata: { job: 4 } }))
  const restored = CompletionError.fromJSON(JSON.parse(JSON.stringify(error)))
  expect(restored.toJSON()).toEqual(JSON.parse(JSON.stringify(error)))
  expect(restored).toMatchObject({
    code: 'not_found',
    status: 404,
    requestId: 'r',
    metadata: { job: 4 },
    name: error.name,
  })
  expect(restored.attempts).toEqual(JSON.parse(JSON.stringify(error.attempts)))
})

test('survives a JSON of an unknown future', () => {
  const error = CompletionError.fromJSON({ ...whole, code: 'brand_new', name: 'CompletionError', extra: 1 } as never)
  expect(error).toMatchObject({ code: 'brand_new', status: 429 })
  expect(Object.keys(error)).not.toContain('extra')
})

test.each([null, undefined, 'network', {}, { code: 'network' }, { code: 5, message: 'm' }])(
  'is not restored from %j',
  (data) => {
    expect(() => CompletionError.fromJSON(data as never)).toThrow(/^fromJSON: data must be what toJSON gave/)
  },
)

describe('the guard', () => {
  test('recognises one of another copy of the package', async () => {
    vi.resetModules()
    const other = await import('../src/vocabulary/errors.ts')
    expect(other.CompletionError).not.toBe(CompletionError)
    const error = new other.CompletionError({ code: 'network', message: '' })
    expect([error instanceof CompletionError, isCompletionError(error)]).toEqual([false, true])
  })

  test('recognises one of another realm', () => {
    const foreign = runInContext(
      `Object.defineProperty(new Error('x'), Symbol.for('punctual.CompletionError'), { value: true })`,
      createContext({}),
    ) as unknown
    expect([foreign instanceof Error, isCompletionError(foreign)]).toEqual([false, true])
  })

  test.each([
    null,
    undefined,
    5,
    'CompletionError',
    {},
    new Error('CompletionError'),
    { code: 'timeout', name: 'TimeoutError' },
  ])('refuses %o', (value) => {
    expect(isCompletionError(value)).toBe(false)
  })
})

test('shows its cause when it is printed unhandled', () => {
  const script = `
    import { CompletionError } from ${JSON.stringify(new URL('../src/vocabulary/errors.ts', import.meta.url).href)}
    console.log(new CompletionError({ code: 'network', message: 'network: gone', cause: new Error('beneath') }))`
  const printed = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script]).toString()
  expect(printed).toContain('CompletionError: network: gone')
  expect(printed).toContain('beneath')
})
