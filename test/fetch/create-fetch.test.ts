import { createFetch, type FetchOptions } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { answering, chat, steps } from '../support/chat.ts'
import { type FaultServer, faultServer } from '../support/fault-server.ts'
import { chatBody, PATH, QUICK } from '../support/fetching.ts'

const fetched = createFetch(QUICK)
const refusing = (exchange: { respond(body: string, init: object): void }): void =>
  exchange.respond('{}', { status: 503, headers: { connection: 'close' } })
const flaky = (): Promise<FaultServer> => faultServer(steps(refusing, answering))

describe('what createFetch is called with', () => {
  const POST = { method: 'post', body: chatBody(), headers: { 'content-type': 'application/json' } } as const

  const inputs: readonly (readonly [string, (url: URL) => Promise<Response>])[] = [
    ['a string', (url) => fetched(url.href, POST)],
    ['a URL', (url) => fetched(url, POST)],
    ['a Request', (url) => fetched(new Request(url, POST))],
    [
      'a Request without its body',
      (url) => fetched(new Request(url, { ...POST, body: 'other' }), { body: chatBody() }),
    ],
    ['bytes', (url) => fetched(url, { ...POST, body: new TextEncoder().encode(chatBody()) })],
    ['a buffer', (url) => fetched(url, { ...POST, body: new TextEncoder().encode(chatBody()).buffer })],
    ['a blob', (url) => fetched(url, { ...POST, body: new Blob([chatBody()]) })],
  ]

  it.each(inputs)('is %s that can be sent again', async (_, call) => {
    await using server = await flaky()
    const response = await call(server.url(PATH))
    expect(await response.json()).toEqual(chat())
    expect(server.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', chatBody()],
      ['POST', chatBody()],
    ])
    expect(server.requests[1]?.headers['content-type']).toBe('application/json')
  })

  const headers: readonly (readonly [string, NonNullable<RequestInit['headers']>])[] = [
    ['an object', { 'X-One': '1', 'x-two': '2' }],
    [
      'pairs',
      [
        ['X-One', '1'],
        ['x-two', '2'],
      ],
    ],
    ['Headers', new Headers({ 'X-One': '1', 'x-two': '2' })],
  ]

  it.each(headers)('has headers as %s', async (_, given) => {
    await using server = await faultServer(answering)
    await fetched(server.url(PATH), { ...POST, headers: given })
    expect(server.requests[0]?.headers).toMatchObject({ 'x-one': '1', 'x-two': '2' })
  })

  it('has a form that can be sent again', async () => {
    await using server = await flaky()
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set('file', new Blob(['line']), 'a.jsonl')
    const response = await fetched(server.url('/v1/files'), { method: 'POST', body: form })
    expect(response.status).toBe(200)
    expect(server.requests[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(server.requests[1]?.body).toContain('filename="a.jsonl"')
  })

  it('has parameters as its body', async () => {
    await using server = await faultServer(answering)
    await fetched(server.url('/token'), { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
    expect(server.requests[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(server.requests[0]?.body).toBe('a=b+c')
  })

  it('has plain text as its body', async () => {
    await using server = await faultServer(answering)
    await fetched(server.url('/any'), { method: 'POST', body: 'text' })
    expect(server.requests[0]?.headers['content-type']).toBe('text/plain;charset=UTF-8')
  })

  it('has no body', async () => {
    await using server = await flaky()
    const response = await fetched(server.url('/v1/models'))
    expect(response.status).toBe(200)
    expect(server.requests[1]).toMatchObject({ method: 'GET', body: '' })
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type')
  })

  const streams: readonly (readonly [string, FetchOptions])[] = [
    ['our own connections', {}],
    ['the host’s fetch', { fetch: 'global' }],
  ]

  it.each(streams)('has a stream as its body, which is sent once over %s', async (_, options) => {
    let piece = 0
    const received: string[] = []
    await using server = await faultServer((exchange) => {
      exchange.connection.socket.on('data', (bytes) => {
        received.push(bytes.toString())
        if (bytes.toString().endsWith('0\r\n\r\n')) refusing(exchange)
      })
    })
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (piece === 3) return controller.close()
        controller.enqueue(new TextEncoder().encode(`piece ${piece++}`))
      },
    })
    const response = await createFetch({ ...QUICK, ...options })(server.url('/v1/files'), {
      method: 'POST',
      body,
      duplex: 'half',
    })
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(received.join('')).toContain('piece 2')
    // What follows the head of the request is no request, though the server takes it for one.
    expect(server.requests.filter(({ method }) => method === 'POST').length).toBe(1)
  })

  it('has a signal of a Request', async () => {
    const controller = new AbortController()
    await using server = await faultServer(() => controller.abort())
    const request = new Request(server.url(PATH), { ...POST, signal: controller.signal })
    await expect(fetched(request)).rejects.toMatchObject({ code: 'aborted' })
    await server.connections[0]?.closed
  })

  it.each([
    ['a string', chatBody()],
    ['a blob', new Blob([chatBody()])],
  ])('ends when it is aborted at once, with %s as its body', async (_, body) => {
    const controller = new AbortController()
    const events: string[] = []
    const own = createFetch({ onEvent: ({ type }) => events.push(type) })
    await using server = await faultServer(() => {})
    const call = own(server.url(PATH), { method: 'POST', body, signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
    expect(events.filter((type) => type === 'failure').length).toBe(1)
  })

  it('ends when it is aborted between its body and its first attempt', async () => {
    const controller = new AbortController()
    await using server = await faultServer(() => {})
    const own = createFetch({ onEvent: ({ type }) => type === 'attempt.start' && controller.abort() })
    const call = own(server.url(PATH), { method: 'POST', body: chatBody(), signal: controller.signal })
    await expect(call).rejects.toMatchObject({ code: 'aborted', sent: false })
    expect(server.requests.length).toBe(0)
  })

  it('gives up on a body that cannot be read in time', async () => {
    await using server = await faultServer(answering)
    const body = new ReadableStream({ pull: () => new Promise(() => {}) })
    const request = new Request(server.url(PATH), { method: 'POST', body, duplex: 'half' })
    const late = createFetch({ timeout: 60 })(request)
    await expect(late).rejects.toMatchObject({ code: 'timeout', phase: 'total', sent: false })
    expect(server.requests.length).toBe(0)
  })

  it('gives up on a body that fails', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('disk')) })
    const request = new Request('http://127.0.0.1:1/', { method: 'POST', body, duplex: 'half' })
    await expect(fetched(request)).rejects.toThrow('the body of the request could not be read')
  })

  it('uses the dispatcher that it is called with', async () => {
    const options = { method: 'POST', body: chatBody(), dispatcher: { dispatch: refuse } }
    await expect(fetched('http://127.0.0.1:1/v1', options as RequestInit)).rejects.toMatchObject({ code: 'network' })
    expect(dispatched).toBe(3)
  })

  let dispatched = 0
  function refuse(_: unknown, handler: { onResponseError(controller: object, error: Error): void }): boolean {
    dispatched++
    handler.onResponseError({}, Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' }))
    return true
  }

  const mistakes: readonly (readonly [string, () => Promise<Response>, RegExp])[] = [
    ['a relative URL', () => fetched('/v1'), /absolute/],
    ['another scheme', () => fetched('ftp://host/'), /http/],
    ['credentials in the URL', () => fetched('http://user:pass@host/'), /credentials/],
    ['a body with GET', () => fetched('http://127.0.0.1:1/', { body: 'x' }), /GET/],
    ['a header with a line break', () => fetched('http://127.0.0.1:1/', { headers: { a: 'b\nc' } }), /./],
    ['a signal that is none', () => fetched('http://127.0.0.1:1/', { signal: {} as AbortSignal }), /AbortSignal/],
  ]

  it.each(mistakes)('is refused as no request with %s', async (_, call, message) => {
    const error: unknown = await call().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })
})

describe('the options of createFetch', () => {
  it('put headers over those of a request', async () => {
    await using server = await faultServer(answering)
    const own = createFetch({ ...QUICK, headers: { 'x-team': 'search', 'user-agent': null } })
    await own(server.url(PATH), { method: 'POST', body: chatBody(), headers: { 'x-team': 'a', 'user-agent': 'sdk' } })
    expect(server.requests[0]?.headers['x-team']).toBe('search')
    expect(server.requests[0]?.headers).not.toHaveProperty('user-agent')
  })

  it('hear their own signal beside that of a request', async () => {
    const controller = new AbortController()
    await using server = await faultServer(() => controller.abort())
    const own = createFetch({ ...QUICK, signal: controller.signal })
    const call = own(server.url(PATH), { method: 'POST', body: chatBody(), signal: new AbortController().signal })
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
  })

  it('hold a deadline', async () => {
    await using server = await faultServer(answering)
    const call = createFetch({ deadline: Date.now() - 1 })(server.url(PATH), { method: 'POST', body: chatBody() })
    await expect(call).rejects.toMatchObject({ code: 'timeout', phase: 'total', sent: false })
    expect(server.requests.length).toBe(0)
  })

  it('name another fetch', async () => {
    const own = createFetch({ ...QUICK, fetch: () => Promise.resolve(Response.json(chat())) })
    const response = await own('http://model.test/v1/chat/completions', { method: 'POST', body: chatBody() })
    expect(await response.json()).toEqual(chat())
  })

  it.each([
    ['apiKey', 'give the key to the SDK'],
    ['wire', 'the request itself'],
    ['idempotencyKey', 'set the header on the single request'],
    ['rawEvents', 'what the provider sent'],
    ['provider', 'the URL of the request'],
    ['fallbacks', 'no other'],
  ])('do not include %s, and say why', (name, remedy) => {
    expect(() => createFetch({ [name]: 'x' })).toThrow(TypeError)
    expect(() => createFetch({ [name]: 'x' })).toThrow(remedy)
  })

  it.each([
    [{ maxRetries: 2 }, 'options.maxRetries is unknown'],
    [{ timeOut: 2 }, 'did you mean timeout?'],
    [{ timeout: 0 }, 'above 0'],
    [{ clock: {} }, 'a Clock'],
    [{ random: 1 }, 'a function'],
    ['x', 'an object'],
  ])('are refused as %o', (options, message) => {
    expect(() => createFetch(options as FetchOptions)).toThrow(message)
  })
})
