import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/fetch.ts'
import { type Code, CompletionError, createClient, openaiCompatible } from '../../src/index.ts'
import { problemResponse, signalFrom, toProblem } from '../../src/server.ts'

const make = (code: Code, more: Partial<ConstructorParameters<typeof CompletionError>[0]> = {}) =>
  new CompletionError({ code, message: `${code}: the provider said: my-secret-prompt`, ...more })
const gone = Object.assign(new Error('gone'), { name: 'AbortError' })

describe('the status', () => {
  it.each<[Code, number]>([
    ['timeout', 504],
    ['network', 502],
    ['server_error', 502],
    ['invalid_response', 502],
    ['rate_limit', 429],
    ['overloaded', 503],
    ['circuit_open', 503],
    ['quota_exceeded', 503],
    ['authentication', 502],
    ['permission', 502],
    ['not_found', 502],
    ['invalid_request', 400],
    ['context_length', 413],
    ['content_filter', 400],
  ])('of %s is %d', (code, status) => {
    const problem = toProblem(make(code, { status: 401 }))
    expect([problem.status, problem.body.status]).toEqual([status, status])
  })

  it('tells a caller who has left from a service that stops, also by errors that come from elsewhere', async () => {
    const request = { messages: [{ role: 'user', content: 'x' }] } as const
    const fetch = () => new Promise<never>(() => {})
    const model = openaiCompatible({ name: 'local', baseURL: 'http://local' })('m')
    const [early, late] = [createClient({ model, fetch }), createClient({ model, fetch })]
    const cut = late.complete(request).catch((error: unknown) => error)
    await Promise.all([early.close(), late.close({ grace: 0 })])
    for (const error of [await cut, await early.complete(request).catch((reason: unknown) => reason)]) {
      const status = [error, CompletionError.fromJSON((error as CompletionError).toJSON())].map(
        (one) => toProblem(one).status,
      )
      expect(status).toEqual([503, 503])
    }
    for (const cause of [gone, undefined, make('network')])
      expect(toProblem(make('aborted', { cause })).status).toBe(499)
  })

  it('tells a request that is too large from too many of them', () => {
    const answer = (headers: Record<string, string>) =>
      make('rate_limit', { status: 429, response: { status: 429, headers: new Headers(headers), body: '' } })
    expect(toProblem(answer({})).status).toBe(413)
    expect(toProblem(answer({ 'x-should-retry': 'false' })).status).toBe(429)
    expect(toProblem(make('invalid_request', { status: 413 })).body).toMatchObject({
      status: 413,
      code: 'invalid_request',
    })
  })

  it('of a code that is not known yet is 500', () => {
    const later = CompletionError.fromJSON({ ...make('network').toJSON(), code: 'of_a_later_version' as Code })
    expect(toProblem(later).status).toBe(500)
  })

  it('is found by the headers of a response that createFetch returned', async () => {
    const fetch = createFetch({
      retry: 0,
      fetch: async () => new Response('{"error":{"message":"slow"}}', { status: 429, headers: { 'retry-after': '7' } }),
    })
    const { headers } = await fetch('http://local/v1/models')
    const { status, headers: told } = toProblem(Object.assign(new Error('429 slow'), { status: 429, headers }))
    expect([status, told['retry-after']]).toEqual([429, '7'])
  })

  it('is 499 for whatever the signal of a client that has gone has ended', async () => {
    const controller = new AbortController()
    const signal = signalFrom(new Request('http://localhost/', { signal: controller.signal }))
    controller.abort()
    const waited = await setTimeout(1_000, undefined, { signal }).catch((error: unknown) => error)
    for (const thrown of [signal.reason, waited])
      expect(toProblem(thrown)).toMatchObject({ status: 499, body: { code: 'aborted' } })
  })

  it('is there for values that cannot even be looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const throwing = {
      get cause() {
        throw new Error('no')
      },
    }
    expect([toProblem(proxy).status, toProblem(throwing).status]).toEqual([500, 500])
  })

  it('is found beneath what an SDK wraps around an error', () => {
    const wrapped = new Error('Connection error.', { cause: new Error('fetch failed', { cause: make('timeout') }) })
    expect(toProblem(wrapped).body.code).toBe('timeout')
  })

  it("keeps a framework's own word on a bad request", () => {
    const expressError = Object.assign(new Error('entity too large'), { statusCode: 413, expose: true })
    const fastifyError = Object.assign(new Error('bad json'), {
      statusCode: 400,
      code: 'FST_ERR_CTP_INVALID_JSON_BODY',
    })
    expect(toProblem(expressError)).toMatchObject({ status: 413, body: { code: 'bad_request' } })
    expect(toProblem(fastifyError)).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    const routerError = Object.assign(new URIError("Failed to decode param '%E0%A4%A'"), { statusCode: 400 })
    expect(toProblem(routerError)).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    const honoException = Object.assign(new Error('Malformed JSON'), { status: 422, getResponse: () => undefined })
    const nestException = Object.assign(new Error('Bad'), { getStatus: () => 415, getResponse: () => 'Bad' })
    expect(toProblem(honoException)).toMatchObject({ status: 422, body: { code: 'bad_request' } })
    expect(toProblem(nestException)).toMatchObject({ status: 415, body: { code: 'bad_request' } })
    for (const status of [503, 500, 399, 200, '404'])
      expect(toProblem(Object.assign(nestException, { getStatus: () => status }))).toMatchObject({ status: 500 })
  })

  it("is never another service's status", () => {
    const sdkError = Object.assign(new Error('Incorrect API key provided'), { status: 401, statusCode: 401 })
    expect(toProblem(sdkError)).toMatchObject({ status: 500, body: { code: 'internal' } })
  })

  it('is 500 for whatever else is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(toProblem(thrown)).toMatchObject({ status: 500, body: { code: 'internal' } })
      }),
    )
    const loop: { cause?: unknown } = {}
    loop.cause = loop
    expect(toProblem(loop).status).toBe(500)
  })
})

describe('a wait', () => {
  it.each([
    ['rate_limit', 1_200, '2'],
    ['overloaded', 0, '1'],
    ['circuit_open', 5_000, '5'],
  ] as const)('after %s of %d ms is told as %s s', (code, retryAfterMs, seconds) => {
    expect(toProblem(make(code, { retryAfterMs })).headers['retry-after']).toBe(seconds)
  })

  it('is not told where none is known or none helps', () => {
    expect(toProblem(make('rate_limit')).headers).not.toHaveProperty('retry-after')
    expect(toProblem(make('server_error', { retryAfterMs: 1_000 })).headers).not.toHaveProperty('retry-after')
  })
})

describe('the words', () => {
  const said = { provider: 'openai', model: 'gpt-5-mini', providerCode: 'invalid_api_key', requestId: 'req_1' }
  const error = make('authentication', { ...said, providerMessage: 'Incorrect API key', callId: 'call_1' })

  it('are ours alone', () => {
    const text = JSON.stringify(toProblem(error))
    expect(text).not.toMatch(/secret|Incorrect|openai|gpt-5|invalid_api_key|req_1|authentication/)
    expect(toProblem(error).body).toMatchObject({ code: 'unavailable', callId: 'call_1', type: 'about:blank' })
  })

  it('say what happened in a form that nobody keeps', () => {
    const { headers, body } = toProblem(make('context_length'))
    expect(headers).toEqual({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    expect(body).toMatchObject({ title: 'Content Too Large', detail: 'The request is too long for the model.' })
  })

  it("are also the provider's where that is asked for", () => {
    expect(toProblem(error, { expose: true }).body).toMatchObject({
      ...said,
      code: 'authentication',
      providerMessage: 'Incorrect API key',
    })
  })

  it('never quote a thrown value', () => {
    expect(JSON.stringify(toProblem(new Error('password hunter2'), { expose: true }))).not.toContain('hunter2')
  })

  it('travel as a web response', async () => {
    const response = problemResponse(make('rate_limit', { retryAfterMs: 3_000 }))
    expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
      429,
      'application/problem+json',
      '3',
    ])
    expect(await response.json()).toEqual(toProblem(make('rate_limit', { retryAfterMs: 3_000 })).body)
  })
})
