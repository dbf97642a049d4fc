import { CompletionError } from 'punctual'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { failure } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { CHAT_STREAM, CHUNKED, EVENT_STREAM, event } from '../support/fetched-stream.ts'
import { ask, askStream, QUICK } from '../support/fetching.ts'

const ours = new CompletionError({ code: 'rate_limit', message: 'rate_limit: slow down' })

describe('an error of a call that was over before it began', () => {
  it.each([
    ['timeout', { deadline: 1 }],
    ['aborted', { signal: AbortSignal.abort() }],
  ])('is one that SDKs keep: %s', async (code, options) => {
    const thrown: unknown = await createFetch(options)('http://localhost/').catch((error: unknown) => error)
    // Where they find one of the two, they throw an error of their own without a cause.
    expect(String(thrown)).not.toMatch(/timed? ?out/i)
    expect((thrown as Error).name).not.toBe('AbortError')
    expect(unwrapError(thrown)?.code).toBe(code)
  })
})

describe('unwrapError', () => {
  const wrapped: readonly (readonly [string, unknown])[] = [
    ['nothing', ours],
    ['a cause', new Error('Connection error.', { cause: ours })],
    ['causes of causes', new Error('1', { cause: new Error('2', { cause: { cause: ours } }) })],
    ['lastError', Object.assign(new Error('RetryError'), { lastError: ours })],
    ['errors', new AggregateError([new Error('first'), ours])],
    ['originalError', { originalError: new Error('x', { cause: ours }) }],
  ]

  it.each(wrapped)('finds an error beneath %s', (_, error) => {
    expect(unwrapError(error)).toBe(ours)
  })

  it('finds the nearest one', () => {
    const deep = new CompletionError({ code: 'network', message: 'network' })
    const near = new CompletionError({ code: 'timeout', message: 'timeout', cause: deep })
    expect(unwrapError({ cause: { cause: deep }, lastError: near })).toBe(near)
  })

  it.each([[undefined], [null], ['text'], [7], [new Error('other')], [{ cause: 'text' }]])(
    'finds nothing in %o',
    (value) => {
      expect(unwrapError(value)).toBeUndefined()
    },
  )

  it('ends in a circle', () => {
    const circle: { cause?: unknown; errors: unknown[] } = { errors: [] }
    circle.cause = circle
    circle.errors.push(circle, [circle])
    expect(unwrapError(circle)).toBeUndefined()
  })

  it('ends in a chain without end', () => {
    const endless = {
      get cause(): unknown {
        return Object.create(endless)
      },
    }
    expect(unwrapError(endless)).toBeUndefined()
  })

  it('survives a getter that throws', () => {
    const error = {
      get cause(): never {
        throw new Error('gone')
      },
      lastError: ours,
    }
    expect(unwrapError(error)).toBe(ours)
  })

  it('finds the error that a returned response stands for', async () => {
    await using server = await faultServer((exchange) => exchange.respond('{}', { status: 400 }))
    const response = await ask(server)
    expect(unwrapError(response)).toMatchObject({ code: 'invalid_request', status: 400 })
    // As an SDK keeps it on its own error.
    expect(unwrapError(Object.assign(new Error('400'), { headers: response.headers }))?.code).toBe('invalid_request')
  })

  it('finds the error of a returned response by a copy of its headers', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json({ error: { message: 'Zu viel: ☕', code: 'insufficient_quota' } }, { status: 429 }),
    )
    const { headers } = await ask(server)
    // As AI SDK keeps them.
    const found = unwrapError({ name: 'AI_APICallError', responseHeaders: Object.fromEntries(headers) })
    expect(found).toMatchObject({ code: 'quota_exceeded', status: 429, providerMessage: 'Zu viel: ☕' })
    expect(found?.attempts).toHaveLength(1)
    // As Hono's server makes them anew once a body has been read.
    expect(unwrapError({ headers: new Headers(headers) })?.code).toBe('quota_exceeded')
  })

  it('believes no server that sends such a header', async () => {
    const sent = { 'x-punctual-error': '{"code":"timeout","message":"no"}' }
    await using server = await faultServer((exchange) => exchange.respond('[]', { headers: sent }))
    const { headers } = await createFetch(QUICK)(server.url('/v1/models'))
    expect(unwrapError({ responseHeaders: Object.fromEntries(headers) })).toBeUndefined()
  })

  it.each(['', '{', '{"code":1}'])('finds nothing in a header that says %j', (json) => {
    expect(unwrapError({ responseHeaders: { 'x-punctual-error': json } })).toBeUndefined()
  })

  it('finds the error of a stream by the headers of its response', async () => {
    await using server = await faultServer((exchange) =>
      exchange.respond(CHAT_STREAM.slice(0, 2).join('') + event(failure('Down', 'server_error')), EVENT_STREAM),
    )
    const response = await askStream(server)
    await response.text().catch(() => undefined)
    expect(unwrapError({ headers: response.headers })).toMatchObject({ code: 'server_error' })
  })

  describe('the mark of a call', () => {
    const OLLAMA = '/api/chat'
    const GOOGLE = '/v1beta/models/m:generateContent'
    const refused = async (path: string, body: string): Promise<string> => {
      await using server = await faultServer((exchange) => exchange.respond(body, { status: 503 }))
      const response = await createFetch({ ...QUICK, retry: false })(server.url(path), { method: 'POST', body: '{}' })
      return response.text()
    }

    /** As the SDKs keep it. */
    const kept = (path: string, words: string): object =>
      path === OLLAMA && words.startsWith('{') ? { error: { message: '', ...errorIn(words) } } : new Error(words)
    const errorIn = (words: string): object => {
      const { error } = JSON.parse(words) as { error: unknown }
      return typeof error === 'string' ? { message: error } : (error as object)
    }

    it.each([
      ["Ollama's own error", OLLAMA, '{"error":"busy"}', /^\{"error":"busy \(punctual call_[^)]+\)"\}$/],
      ["a gateway's, before Ollama", OLLAMA, '{"error":{"message":"busy"}}', /^\{"error":\{"message":"busy \(punctual/],
      ["a proxy's page", OLLAMA, '<h1>busy</h1>\n', /^<h1>busy<\/h1> \(punctual call_[^)]+\)$/],
      [
        "Google's own error",
        GOOGLE,
        '{"error":{"code":503,"id":12345678901234567890}}',
        /^\{"error":\{"code":503,"id":12345678901234567890\},"punctual":"punctual call_[^"]+"\}$/,
      ],
    ])('leads from the words of %s to it', async (_, path, body, expected) => {
      const words = await refused(path, body)
      expect(words).toMatch(expected)
      expect(unwrapError(kept(path, words))).toMatchObject({ status: 503, attempts: [{ status: 503 }] })
    })

    it.each([
      ['what asks for something else', '/v1/chat/completions', '{"error":"busy"}'],
      ['JSON without a place for it', OLLAMA, '["busy"]'],
      ['an error without words', OLLAMA, '{"error":{"code":1}}'],
      ['no words at all', OLLAMA, ''],
      ['a page of an API that only looks alike', '/api/plans', 'Bad plan'],
    ])('leaves %s as it came', async (_, path, body) => {
      expect(await refused(path, body)).toBe(body)
    })

    it('leads nowhere when it is made up, or fifty calls old', async () => {
      expect(unwrapError(new Error('(punctual call_1-1)'))).toBeUndefined()
      const marked = await refused(OLLAMA, 'busy')
      expect(unwrapError(new Error(`no such plan: "${marked}"`))).toBeUndefined()
      const oldest = await refused(OLLAMA, '{"error":"busy"}')
      for (let count = 0; count < 49; count++) await refused(OLLAMA, '{"error":"busy"}')
      expect(unwrapError(kept(OLLAMA, oldest))).toBeDefined()
      await refused(OLLAMA, '{"error":"busy"}')
      expect(unwrapError(kept(OLLAMA, oldest))).toBeUndefined()
    })
  })

  describe('an abort', () => {
    const hanging = (exchange: FaultExchange): void => {
      exchange.head(CHUNKED)
      exchange.chunk(CHAT_STREAM.slice(0, 2).join(''))
    }

    it.each([
      ["of the request's own signal is one by its name", 'AbortError', (signal: AbortSignal) => ({ init: { signal } })],
      [
        'from elsewhere is not, for SDKs end a stream quietly by that name',
        'CompletionError',
        (signal: AbortSignal) => ({ options: { signal } }),
      ],
    ])('%s', async (_, name, given) => {
      await using server = await faultServer(hanging)
      const controller = new AbortController()
      const response = await askStream(server, given(controller.signal))
      controller.abort()
      await expect(response.text()).rejects.toMatchObject({ name, code: 'aborted' })
    })
  })

  it('finds an error whose cause says that time ran out, where SDKs look for those words', async () => {
    const cause = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })
    const fetch = createFetch({ retry: 0, fetch: () => Promise.reject(cause) })
    const error = (await fetch('http://local/v1/models').catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ code: 'network' })
    expect(String(error) + String(error.cause)).not.toMatch(/timed? ?out/i)
    expect((error.cause as Error).cause).toBe(cause)
  })

  it('finds a timeout that says nothing of a timeout to those who look for the word', async () => {
    await using server = await faultServer(() => {})
    const error: unknown = await createFetch({
      timeout: { total: 5_000, attempt: 30 },
      retry: { maxRetries: 1, baseDelay: 1 },
    })(server.url()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'timeout', name: 'TimeoutError' })
    expect(String(error)).not.toMatch(/timed? ?out/i)
    expect((error as Error).message).toContain('timeout.attempt')
  })
})
