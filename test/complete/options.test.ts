import { complete, createClient, type Options, openaiCompatible, type Request } from 'punctual'
import { describe, expect, test } from 'vitest'
import { asked, clientOf, deaf, failureOf, KEY, observer, responding, scriptedFetch, silence } from '../support/call.ts'
import { answering, chat, failure } from '../support/chat.ts'
import { faultServer } from '../support/fault-server.ts'
import { testClock } from '../support/test-clock.ts'

const down = responding(failure('down', 'server_error'), 500)

const content = (part: object): unknown => ({ messages: [{ role: 'user', content: [part] }] })

function holdingItself(): object {
  const schema: { type: string; properties: Record<string, unknown> } = { type: 'object', properties: {} }
  schema.properties['again'] = schema
  return schema
}

/** How many requests a call makes of a server that is down. */
async function requestsWith(...layers: Options[]): Promise<number> {
  const fetch = scriptedFetch(down)
  const [first = {}, second = {}, third = {}] = layers
  const error = await failureOf(
    clientOf('http://local', { ...first, fetch })
      .with(second)
      .complete(asked, third),
  )
  expect(error.stopReason).toBe(error.code === 'server_error' ? 'max_retries' : error.stopReason)
  return fetch.requests.length
}

describe('merging', () => {
  test.each<[Options[], number]>([
    [[], 3],
    [[{ retry: 0 }], 1],
    [[{ retry: 4 }], 5],
    [[{ retry: { maxRetries: 1 } }], 2],
    [[{ retry: false }], 1],
    [[{ retry: 4 }, {}, { retry: 1 }], 2],
    [[{ retry: 4 }, { retry: { factor: 3 } }], 5],
    [[{ retry: 4 }, { retry: false }], 1],
    [[{ retry: false }, { retry: 2 }], 3],
    [[{ retry: 1 }, { retry: undefined }, { retry: undefined }], 2],
  ])('retry over client, with and call: %j', async (layers, requests) => {
    expect(await requestsWith(...layers)).toBe(requests)
  })

  test('retry false is a layer that a later number replaces whole', async () => {
    const clock = testClock()
    const fetch = scriptedFetch(down, responding(chat()))
    const client = clientOf('http://local', { clock, fetch, retry: { baseDelay: 7, jitter: 'none' } })
    const call = client.with({ retry: 1 }).complete(asked)
    await clock.advance(10)
    expect((await call).attempts[1]?.delayBefore).toBe(7)
  })

  test.each<[Options[], number]>([
    [[{ timeout: 100 }], 100],
    [[{ timeout: 100 }, { timeout: 300 }], 300],
    [[{ timeout: { total: 100 } }, {}, { timeout: 200 }], 200],
    [[{ timeout: 100 }, { timeout: { attempt: 50 } }], 50],
    [[{ timeout: { attempt: 50 } }, { timeout: 200 }], 50],
    [[{ timeout: { attempt: 50, headers: 20 } }, { timeout: { headers: 70 } }], 50],
    [[{ timeout: { attempt: 50 } }, { timeout: { attempt: undefined } }], 50],
    [[{ timeout: { attempt: 50 } }, { timeout: { attempt: Infinity, total: 90 } }], 90],
  ])('timeout by key: %j', async (layers, ends) => {
    const clock = testClock()
    const [first = {}, second = {}, third = {}] = layers
    const client = clientOf('http://local', { ...first, clock, fetch: scriptedFetch(deaf) }).with({ retry: 0 })
    const failed = failureOf(client.with(second).complete(asked, third))
    await clock.advance(1_000)
    expect((await failed).duration).toBe(ends)
  })

  test('headers by name in any case, and null removes one', async () => {
    await using server = await faultServer(answering)
    const client = clientOf(server.origin, { headers: { 'X-Team': 'a', 'x-user': 'b', 'X-Gone': 'c' } })
    await client.with({ headers: { 'x-team': 'd', 'x-gone': null } }).complete(asked, {
      headers: { 'X-USER': 'e', 'Content-Type': 'application/vnd+json', 'x-nothing': undefined },
    })
    const { headers } = server.requests[0] as { headers: Record<string, string> }
    expect(headers).toMatchObject({
      'x-team': 'd',
      'x-user': 'e',
      'content-type': 'application/vnd+json',
      authorization: `Bearer ${KEY}`,
    })
    expect(Object.keys(headers)).not.toContain('x-gone')
    expect(Object.keys(headers)).not.toContain('x-nothing')
  })

  test("a provider's headers lie below the options'", async () => {
    await using server = await faultServer(answering)
    const provider = openaiCompatible({
      name: 'own',
      baseURL: server.origin,
      headers: { 'X-One': '1', 'x-two': '2', 'x-three': '3' },
    })
    const client = createClient({ provider, model: 'm', headers: { 'x-two': 'b', 'X-THREE': null } })
    await client.complete(asked)
    expect(server.requests[0]?.headers).toMatchObject({ 'x-one': '1', 'x-two': 'b' })
    expect(server.requests[0]?.headers).not.toHaveProperty('x-three')
    await client.close()
  })

  test('metadata by key, on everything that is told', async () => {
    const seen = observer()
    const client = clientOf('http://local', {
      fetch: scriptedFetch(down),
      metadata: { a: 1, b: 1 },
      onEvent: seen.onEvent,
    })
    const error = await failureOf(client.with({ metadata: { b: 2, c: 2 } }).complete(asked, { metadata: { c: true } }))
    expect(error.metadata).toEqual({ a: 1, b: 2, c: true })
    for (const event of seen.events) expect(event.metadata).toEqual({ a: 1, b: 2, c: true })
  })

  test('every onEvent, the outermost first', async () => {
    const order: string[] = []
    const note = (name: string) => (): void => void order.push(name)
    const client = clientOf('http://local', { fetch: scriptedFetch(responding(chat())), onEvent: note('client') })
    await client.with({ onEvent: note('with') }).complete(asked, { onEvent: note('call') })
    expect(order.slice(0, 3)).toEqual(['client', 'with', 'call'])
    expect(order).toHaveLength(9)
  })

  test.each([
    [500, 300, 400],
    [300, 500, 400],
    [400, 500, 300],
  ])('the earliest deadline of %i, %i and %i', async (...offsets) => {
    const clock = testClock()
    const [first, second, third] = offsets.map((offset) => ({ deadline: clock.wallNow() + offset }))
    const client = clientOf('http://local', { clock, fetch: scriptedFetch(silence), ...first })
    const failed = failureOf(client.with(second ?? {}).complete(asked, third))
    await clock.advance(1_000)
    expect((await failed).duration).toBe(300)
  })

  test('an inner transport leaves the outer choice altogether', async () => {
    const fetch = scriptedFetch(responding(chat()))
    let dispatched = 0
    const client = clientOf('http://local', { dispatcher: { dispatch: () => ++dispatched > 0 } })
    await client.complete(asked, { fetch })
    expect([fetch.requests.length, dispatched]).toEqual([1, 0])
  })

  test('null is no signal', async () => {
    const client = clientOf('http://local', { fetch: scriptedFetch(responding(chat())) })
    expect((await client.complete(asked, { signal: null })).finishReason).toBe('stop')
  })

  test('the same idempotency key on every attempt', async () => {
    const fetch = scriptedFetch(down)
    await failureOf(clientOf('http://local', { fetch }).complete(asked, { idempotencyKey: 'once' }))
    const keys = fetch.requests.map(({ headers }) => new Headers(headers).get('idempotency-key'))
    expect(keys).toEqual(['once', 'once', 'once'])
  })

  test("a caller's object is read once and never written", async () => {
    const options = { timeout: { total: 1_000 }, retry: { maxRetries: 1 }, headers: { a: 'b' }, metadata: { c: 1 } }
    const before = structuredClone(options)
    const fetch = scriptedFetch((_init, index) => {
      Object.assign(options, { retry: { maxRetries: 9 } })
      return index < 5 ? down() : responding(chat())()
    })
    const error = await failureOf(clientOf('http://local', { fetch }).complete(asked, Object.freeze({ ...options })))
    expect(error.attempts).toHaveLength(2)
    expect({ ...options, retry: { maxRetries: 1 } }).toEqual(before)
  })
})

test.each<Options>([
  { retry: { maxRetries: 0, baseDelay: 0, maxDelay: 0, maxRetryAfter: 0, factor: 1 } },
  { retry: { maxRetries: Infinity, maxDelay: Infinity, maxRetryAfter: Infinity } },
  { timeout: { total: Infinity, attempt: Infinity, connect: Infinity }, maxResponseBytes: Infinity },
  { timeout: 0.5, maxResponseBytes: 1_000.5 },
])('%o is no mistake', (options) => {
  expect(() => createClient(options)).not.toThrow()
})

describe('a mistake', () => {
  const anything = (value: unknown): never => value as never
  const bad: [string, Record<string, unknown>][] = [
    ['options.timeout', { timeout: 0 }],
    ['options.timeout', { timeout: -1 }],
    ['options.timeout', { timeout: Number.NaN }],
    ['options.timeout', { timeout: '5s' }],
    ['options.timeout', { timeout: null }],
    ['options.timeout', { timeout: new Date() }],
    ['options.timeout', { timeout: new Map([['total', 5]]) }],
    ['options.timeout.attempt', { timeout: { attempt: 0 } }],
    ['options.timeout.connect', { timeout: { connect: '1' } }],
    ['did you mean attempt', { timeout: { atempt: 1 } }],
    ['options.deadline', { deadline: new Date('never') }],
    ['options.deadline', { deadline: Number.NaN }],
    ['options.deadline', { deadline: 'tomorrow' }],
    ['options.deadline', { deadline: null }],
    ['options.deadline', { deadline: {} }],
    ['options.signal', { signal: new AbortController() }],
    ['options.signal', { signal: true }],
    ['options.signal', { signal: { aborted: false, addEventListener() {} } }],
    ['options.retry', { retry: -1 }],
    ['options.retry', { retry: 1.5 }],
    ['options.retry', { retry: true }],
    ['options.retry', { retry: Number.NaN }],
    ['options.retry.maxRetries', { retry: { maxRetries: -1 } }],
    ['options.retry.baseDelay', { retry: { baseDelay: -1 } }],
    ['options.retry.maxDelay', { retry: { maxDelay: '1' } }],
    ['options.retry.factor', { retry: { factor: 0.5 } }],
    ['options.retry.jitter', { retry: { jitter: 'some' } }],
    ['options.retry.maxRetryAfter', { retry: { maxRetryAfter: Number.NaN } }],
    ['options.retry.shouldRetry', { retry: { shouldRetry: true } }],
    ['did you mean maxRetries', { retry: { retries: 1, maxRetrys: 1 } }],
    ['options.apiKey', { apiKey: '' }],
    ['options.apiKey', { apiKey: 5 }],
    ['options.apiKey', { apiKey: 'a\r\nx: y' }],
    ['options.headers', { headers: 'x' }],
    ['options.headers.x-a', { headers: { 'x-a': 'b\r\nx-c: d' } }],
    ['options.headers.x-a', { headers: { 'x-a': 5 } }],
    ["options.headers.content-length is the transport's", { headers: { 'Content-Length': '5' } }],
    ["options.headers.expect is the transport's", { headers: { expect: '100-continue' } }],
    ['invalid header name', { headers: { 'x a': 'b' } }],
    ['options.idempotencyKey', { idempotencyKey: '' }],
    ['options.idempotencyKey', { idempotencyKey: 'a\nb' }],
    ['options.fetch', { fetch: 'globl' }],
    ['options.dispatcher', { dispatcher: {} }],
    ['options.proxy', { proxy: true }],
    ['options.proxy', { proxy: 'localhost' }],
    ['options.fetch and options.dispatcher', { fetch: 'global', dispatcher: { dispatch: () => true } }],
    ['options.maxResponseBytes', { maxResponseBytes: 0 }],
    ['options.metadata', { metadata: 'x' }],
    ['options.metadata', { metadata: new Map([['a', 1]]) }],
    ['options.metadata.a', { metadata: { a: {} } }],
    ['options.onEvent', { onEvent: {} }],
    ['did you mean timeout', { timeouts: 5 }],
    ['did you mean timeout.idle', { idle: 5 }],
    ['did you mean timeout.firstToken', { first_token: 5 }],
    ['did you mean retry.baseDelay', { baseDelay: 5 }],
    ['did you mean request.maxTokens', { max_tokens: 5 }],
    ['did you mean request.seed', { seed: 5 }],
    ['options.retry.baseDelay', { retry: { baseDelay: Infinity } }],
    ['of a Headers: Object.fromEntries', { headers: new Headers({ 'x-a': '1' }) }],
    ['did you mean signal', { abortSignal: new AbortController().signal, sginal: 1 }],
    ['budget is not available', { retry: { budget: {} } }],
    ['fallbacks is not available', { fallbacks: [] }],
  ]

  test.each(bad)('in the options names %s: %o', async (named, options) => {
    const fetch = scriptedFetch(responding(chat()))
    const client = clientOf('http://local', { fetch })
    const call = client.complete(asked, anything(options))
    await expect(call).rejects.toThrow(TypeError)
    await expect(call).rejects.toThrow(named)
    expect(() => createClient(anything(options))).toThrow(TypeError)
    expect(() => client.with(anything(options))).toThrow(TypeError)
    expect(fetch.requests).toHaveLength(0)
  })

  test.each<[string, unknown]>([
    ['request must be', undefined],
    ['request must be', 'Hello'],
    ['request.messages', {}],
    ['request.messages', { messages: [] }],
    ['request.messages', { messages: 'Hello' }],
    ['request.messages[0]', { messages: ['Hello'] }],
    ['request.messages[0].role', { messages: [{ role: 'bot', content: '' }] }],
    ['request.messages[0].role', { messages: [{ role: 'constructor', content: '' }] }],
    ['request.messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'toString' }] }] }],
    ['request.constructor is unknown', { ...asked, constructor: 1 }],
    ['call stream(request)', { ...asked, stream: true }],
    ['request.extraBody must be JSON', { ...asked, extraBody: { seed: 1n } }],
    ['request.messages[0].content', { messages: [{ role: 'user' }] }],
    ['request.messages[0].content', { messages: [{ role: 'user', content: null }] }],
    ['request.messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'img' }] }] }],
    ['request.messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    ['request.messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'image' }] }] }],
    ['request.messages[0].toolCallId', { messages: [{ role: 'tool', content: '' }] }],
    ['request.messages[0].toolCalls', { messages: [{ role: 'assistant', content: '', toolCalls: {} }] }],
    [
      'request.messages[0].toolCalls[0].function is unknown',
      { messages: [{ role: 'assistant', content: '', toolCalls: [{ id: '1', function: {} }] }] },
    ],
    [
      'request.messages[0].toolCalls[0].arguments',
      { messages: [{ role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'x' }] }] },
    ],
    ['did you mean content', { messages: [{ role: 'user', content: '', contents: '' }] }],
    ['request.maxTokens', { ...asked, maxTokens: 0 }],
    ['request.maxTokens', { ...asked, maxTokens: 1.5 }],
    ['request.temperature', { ...asked, temperature: '1' }],
    ['request.topP', { ...asked, topP: Number.NaN }],
    ['request.seed', { ...asked, seed: 0.5 }],
    ['request.stop', { ...asked, stop: [1] }],
    ['request.reasoningEffort', { ...asked, reasoningEffort: 'max' }],
    ['request.extraBody', { ...asked, extraBody: 'x' }],
    ['request.extraBody', { ...asked, extraBody: [1] }],
    ['request.extraBody', { ...asked, extraBody: new Map([['a', 1]]) }],
    ['request.extraBody.n', { ...asked, extraBody: { n: '2' } }],
    ['request.tools', { ...asked, tools: new Map([['look', {}]]) }],
    ['request.tools.look.extra', { ...asked, tools: { look: { extra: 'x' } } }],
    ['request.tools.look.input must be JSON', { ...asked, tools: { look: { input: holdingItself() } } }],
    ['request.output must be JSON', { ...asked, output: holdingItself() }],
    ['request.messages[0].extra must be an', { messages: [{ role: 'user', content: 'x', extra: 'abc' }] }],
    ['request.messages[0].extra must be JSON', { messages: [{ role: 'user', content: 'x', extra: { at: 1n } }] }],
    ['[0].extra must be JSON', content({ type: 'text', text: 'x', extra: holdingItself() })],
    ['[0].data must be a Uint8Array', content({ type: 'image', data: new Float32Array(3), mediaType: 'image/png' })],
    ['[0].data must be a Uint8Array', content({ type: 'image', data: new DataView(new ArrayBuffer(3)) })],
    ['a data URL goes into url', content({ type: 'image', data: 'data:image/png;base64,iVBORw0KGgo=' })],
    ['or base64 text', content({ type: 'image', data: './cat.png' })],
    ['or base64 text', content({ type: 'file', data: '', mediaType: 'application/pdf' })],
    ['request.extraBody.model', { ...asked, extraBody: { model: 'x' } }],
    ['request.extraBody.messages', { ...asked, extraBody: { messages: [] } }],
    ['request.extraBody.stream', { ...asked, extraBody: { stream: true } }],
    ['request.extraBody.n', { ...asked, extraBody: { n: 2 } }],
    ['request.model', { ...asked, model: '' }],
    ['request.model', { ...asked, model: {} }],
    ['did you mean maxTokens', { ...asked, max_tokens: 5 }],
    ['did you mean input', { ...asked, tools: { get: { parameters: {} } } }],
    ['did you mean topP', { ...asked, top_p: 1 }],
    ['did you mean extraBody', { ...asked, top_k: 1 }],
    ['did you mean options.timeout', { ...asked, timeout: 1 }],
    ['did you mean options.maxResponseBytes', { ...asked, maxResponseBytes: 1 }],
    ['request.messages[0].limits is unknown', { messages: [{ role: 'user', content: 'x', limits: 1 }] }],
  ])('in the request names %s', async (named, request) => {
    const fetch = scriptedFetch(responding(chat()))
    const call = clientOf('http://local', { fetch }).complete(request as Request)
    await expect(call).rejects.toThrow(TypeError)
    await expect(call).rejects.toThrow(named)
    expect(fetch.requests).toHaveLength(0)
  })

  test.each<[string, unknown]>([
    ['defaults', null],
    ['defaults.provider', { provider: 'openai' }],
    ['defaults.clock', { clock: {} }],
    ['a Clock with now, wallNow, setTimeout, clearTimeout', { clock: { now: () => 0 } }],
    ['defaults.random', { random: 4 }],
    ['did you mean provider', { providers: 1 }],
  ])('in a client names %s', (named, defaults) => {
    expect(() => createClient(defaults as never)).toThrow(TypeError)
    expect(() => createClient(defaults as never)).toThrow(named)
  })

  test.each([null, 5, 'fast'])('of options that are %j is refused', async (options) => {
    const call = clientOf('http://local', { fetch: scriptedFetch(responding(chat())) }).complete(
      asked,
      options as never,
    )
    await expect(call).rejects.toThrow(TypeError)
  })

  test('in a base URL from the environment names the variable', async () => {
    process.env['OPENAI_BASE_URL'] = 'localhost:8080'
    process.env['OPENAI_API_KEY'] = 'k'
    try {
      await expect(complete({ ...asked, model: 'm' })).rejects.toThrow(/OPENAI_BASE_URL/)
    } finally {
      delete process.env['OPENAI_BASE_URL']
      delete process.env['OPENAI_API_KEY']
    }
  })

  test('never shows a secret value', async () => {
    const call = clientOf('http://local').complete(asked, { apiKey: 'secret-key\n' })
    await expect(call).rejects.toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret-key') }))
  })
})
