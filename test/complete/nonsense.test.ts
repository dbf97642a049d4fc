import { createClient, gemini, openaiCompatible, type Provider, readEvents } from 'punctual'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, test, vi } from 'vitest'
import { asked, clientOf, failureOf, PROMPT, responding, scriptedFetch } from '../support/call.ts'
import { chat, failure } from '../support/chat.ts'
import { event } from '../support/fetched-stream.ts'

// What no type allows, and what comes all the same: from providers and fetches that are written without types, and from servers that
// write what they like. Whatever it is, the call ends.

const REFUSED = failure('the prompt is too odd for this model', 'bad_request')
const refusing = (): typeof fetch => scriptedFetch(responding(REFUSED, 400))

function own(provider: Partial<Provider> & Record<string, unknown>): Provider {
  const basis = {
    name: 'own',
    prepare: () => ({ url: 'http://local/', headers: {}, body: '{}' }),
    parse: () => ({ kind: 'incomplete', problem: 'it says nothing' }),
  }
  return { ...basis, ...provider } as unknown as Provider
}

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('a provider', () => {
  const prepared = (headers: unknown): Provider =>
    own({ prepare: () => ({ url: 'http://local/', headers, body: '{}' }) as never })

  test('whose headers are no strings is told so', async () => {
    const call = clientOf('http://local', { provider: prepared({ 'x-key': true }), fetch: refusing() }).complete(asked)
    await expect(call).rejects.toThrow(
      new TypeError('the headers of prepare().x-key must be a string, or null to remove it'),
    )
  })

  test.each([
    ['without headers', prepared(undefined)],
    ['with a header that is null', prepared({ 'x-key': null })],
    ['with a header that is a number', prepared({ 'x-ttl': 30 })],
    ['that authorizes with null', own({ authorize: () => ({ authorization: null }) as never })],
  ])('%s is refused like any other', async (_, provider) => {
    const error = await failureOf(clientOf('http://local', { provider, fetch: refusing() }).complete(asked))
    expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
  })

  test('whose partial answer lacks its members leaves nothing behind', async () => {
    const provider = own({
      parse: () => ({ kind: 'incomplete', problem: 'cut', partial: { text: 'a', toolCalls: null } }) as never,
    })
    const client = clientOf('http://local', { provider, fetch: scriptedFetch(responding({})), retry: 0 })
    const error = await failureOf(client.complete(asked))
    expect(error).toMatchObject({ code: 'invalid_response', partial: { text: 'a', toolCalls: [] } })
    await client.close()
  })

  test('whose settings have a header without a value sends none', async () => {
    const fetch = scriptedFetch(responding(chat()))
    const provider = openaiCompatible({ name: 'p', baseURL: 'http://local', headers: { 'x-team': undefined } })
    await clientOf('http://local', { provider, fetch }).complete(asked)
    expect(new Headers(fetch.requests[0]?.headers).has('x-team')).toBe(false)
  })
})

describe('a fetch', () => {
  test('whose headers are a Map with numbers in it is read', async () => {
    const headers = new Map<string, unknown>([
      ['x-count', 5],
      ['x-note', '日本'],
    ])
    const response = { status: 429, headers, body: null }
    const fetch = (async () => response) as unknown as typeof globalThis.fetch
    expect(await failureOf(clientOf('http://local', { fetch, retry: 0 }).complete(asked))).toMatchObject({
      code: 'rate_limit',
    })
  })

  test.each<[string, unknown]>([
    ['a revoked proxy', revoked()],
    ['a frozen error of a parser', Object.freeze(Object.assign(new Error('x'), { name: 'HTTPParserError' }))],
    [
      'an error whose cause cannot be looked at',
      Object.defineProperty(new Error('x'), 'cause', {
        get() {
          throw new Error('no')
        },
      }),
    ],
  ])('that throws %s ends the call', async (_, thrown) => {
    const fetch = () => Promise.reject(thrown)
    const error = await failureOf(clientOf('http://local', { fetch, retry: 0, timeout: 60_000 }).complete(asked))
    expect(error.attempts).toHaveLength(1)
  })
})

test('a reason for an abort that cannot be looked at is one', async () => {
  const controller = new AbortController()
  const fetch = () => new Promise<never>(() => controller.abort(revoked()))
  const error = await failureOf(clientOf('http://local', { fetch }).complete(asked, { signal: controller.signal }))
  expect(error.code).toBe('aborted')
})

test('a request that nests too deeply for anybody is answered', async () => {
  const fetch = createFetch({ fetch: refusing(), retry: 0 })
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const body = `{"model":"m","messages":[{"role":"user","content":${deep}}]}`
  expect((await fetch('http://local/v1/chat/completions', { method: 'POST', body })).status).toBe(400)
})

test('an error inside a 200 that nests too deeply is answered', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const fetch = createFetch({ fetch: scriptedFetch(responding(`{"error":{"message":"no","x":${deep}}}`)), retry: 0 })
  const body = JSON.stringify({ model: 'm', ...asked })
  const response = await fetch('http://local/v1/chat/completions', { method: 'POST', body })
  expect([response.status, unwrapError(response)?.code]).toEqual([500, 'server_error'])
})

test('nothing is found in what cannot be looked at', () => {
  expect(unwrapError(revoked())).toBeUndefined()
})

test.each([4_294_967_294, -1, 0.5])('a call that its server numbers %d is one', async (index) => {
  const events = [
    { type: 'response.function_call_arguments.delta', output_index: index, delta: '{' },
    { type: 'response.completed', response: { status: 'completed' } },
  ].map((one) => event(one))
  const fetch = createFetch({ fetch: scriptedFetch(responding(events.join(''))) })
  const body = '{"model":"m","input":"x","stream":true}'
  expect(await (await fetch('http://local/v1/responses', { method: 'POST', body })).text()).toBe(events.join(''))
})

test.each(['constructor', 'toString', ''])('a word on retries of %j says nothing', async (word) => {
  const fetch = scriptedFetch(responding(REFUSED, 400, { 'x-should-retry': word }))
  expect((await failureOf(clientOf('http://local', { fetch }).complete(asked))).retryable).toBe(false)
})

test('a connection that breaks with an error of any name is the network', async () => {
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error({ name: 'toString' }) })
  const read = readEvents(body).next()
  await expect(read).rejects.toMatchObject({ code: 'network' })
})

test('a header whose name only contains the word for a secret may be shown', async () => {
  const said = 'openai rejected the request of the team called search'
  const fetch = scriptedFetch(responding(failure(said, 'openai_error'), 400))
  const headers = { 'x-portkey-provider': 'openai', 'x-assigned-team': 'search', 'x-session-key': 'rejected' }
  const error = await failureOf(clientOf('http://local', { fetch, headers }).complete(asked))
  expect(error.providerMessage).toBe(said.replace('rejected', '[redacted]'))
})

test.each([
  'X-AppKey',
  'ProxyAuth',
  'X-UserPassword',
  'X-Pass',
  'sharedAccessKey',
  'x-hmacsignature',
  'Cookie2',
  'x-sign',
  'user-pass',
  'api.key',
])('a header called %s is a secret', async (name) => {
  const fetch = scriptedFetch(responding(failure('who is blue-Tit!42, pray', 'x'), 400))
  const headers = { [name]: 'blue-Tit!42' }
  const error = await failureOf(clientOf('http://local', { fetch, headers }).complete(asked))
  expect(error.providerMessage).toBe('who is [redacted], pray')
})

test('an id in the body alone is that of the attempt, too', async () => {
  const fetch = scriptedFetch(responding({ ...REFUSED, request_id: 'req_body' }, 400))
  const error = await failureOf(clientOf('http://local', { fetch }).complete(asked))
  expect([error.requestId, error.attempts[0]?.requestId]).toEqual(['req_body', 'req_body'])
})

describe('content without text', () => {
  const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
  const answer = { candidates: [{ content: { parts: [image] }, finishReason: 'STOP' }] }
  const speech = { audio: { id: 'a', data: 'AAAA', transcript: 'Paris' } }
  const model = gemini({ apiKey: 'k', baseURL: 'http://local' })('m')

  test.each([
    ['an image', answer, model],
    ['speech', { choices: [{ message: { content: null, ...speech }, finish_reason: 'stop' }] }, 'm'],
  ])('is an answer: %s', async (_, body, asking) => {
    const client = clientOf('http://local', { fetch: scriptedFetch(responding(body)) })
    expect(await client.complete({ ...asked, model: asking })).toMatchObject({ text: '', finishReason: 'stop' })
  })

  test('begins a stream', async () => {
    const fetch = scriptedFetch(responding(event(answer)))
    const { attempts } = await clientOf('http://local', { fetch }).stream({ ...asked, model }).completion
    expect(attempts[0]?.timeToFirstToken).toBeGreaterThanOrEqual(0)
  })
})

test('an unsupported proxy fails at once under fake timers, too', async () => {
  vi.stubEnv('HTTP_PROXY', 'socks5://proxy:1080')
  const client = createClient({ provider: openaiCompatible({ name: 'p', baseURL: 'http://local' }), retry: 0 })
  const nextTick = vi.spyOn(process, 'nextTick').mockImplementation(() => undefined)
  try {
    expect((await failureOf(client.complete({ ...asked, model: 'm' }))).cause).toMatchObject({ name: 'TypeError' })
  } finally {
    nextTick.mockRestore()
    vi.unstubAllEnvs()
  }
})

test('options are read once', async () => {
  let reads = 0
  const options = {
    get timeout() {
      reads++
      return 5_000
    },
  }
  await clientOf('http://local', { fetch: scriptedFetch(responding(chat())) }).complete(asked, options)
  // Once for what it holds, once for how the request is asked for.
  expect(reads).toBeLessThanOrEqual(2)
})

test('a completion that is printed shows no cookie', async () => {
  const fetch = scriptedFetch(responding(chat(), 200, { 'x-session': 'abc' }))
  const { response } = await clientOf('http://local', { fetch }).complete({
    messages: [{ role: 'user', content: PROMPT }],
  })
  expect(
    Object.getOwnPropertySymbols(response).filter((key) => Object.propertyIsEnumerable.call(response, key)),
  ).toEqual([])
})
