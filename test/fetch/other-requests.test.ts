import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { steps } from '../support/chat.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { CHUNKED, EVENT_STREAM, event } from '../support/fetched-stream.ts'
import { chatBody, QUICK } from '../support/fetching.ts'

const refusing = (exchange: FaultExchange): void => exchange.respond('{}', { status: 500 })

const post = (server: FaultServer, path: string, body: object = {}, options = QUICK): Promise<Response> =>
  createFetch(options)(server.url(path), { method: 'POST', body: JSON.stringify(body) })

const message = { id: 'm', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Paris' }], model: 'm' }

describe('a request of which nothing can be proven', () => {
  it('is retried and handed on as it came', async () => {
    const text = '{"data":[{"embedding":[0.1]}]'
    await using server = await faultServer(steps(refusing, (exchange) => exchange.respond(text)))
    const response = await post(server, '/v1/embeddings', { model: 'e', input: 'x' })
    expect(await response.text()).toBe(text)
    expect(server.requests.length).toBe(2)
  })

  it('is retried when its document breaks', async () => {
    await using server = await faultServer(
      steps(
        (exchange) => {
          exchange.head({ contentLength: 100 })
          exchange.write('{"data":')
          exchange.end()
        },
        (exchange) => exchange.json({ data: [] }),
      ),
    )
    const response = await post(server, '/v1/embeddings')
    expect(await response.json()).toEqual({ data: [] })
  })

  it('is retried when its document is cut where the connection ends', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head({ headers: { 'content-type': 'application/json', connection: 'close' } })
      exchange.write(exchange.index === 0 ? '{"data":[{"embedding":[0.1,0.' : '{"data":[]}')
      exchange.end()
    })
    expect(await (await post(server, '/v1/embeddings')).json()).toEqual({ data: [] })
    expect(server.requests.length).toBe(2)
  })

  it.each(['', '[]', '{"a":1}\n{"b":2}\n'])('is whole where the connection ends: %j', async (body) => {
    await using server = await faultServer((exchange) => {
      exchange.head({ headers: { 'content-type': 'application/json', connection: 'close' } })
      exchange.write(body)
      exchange.end()
    })
    expect(await (await post(server, '/v1/embeddings')).text()).toBe(body)
    expect(server.requests.length).toBe(1)
  })

  it('is handed on with its first bytes where it is no document', async () => {
    await using server = await faultServer(async (exchange) => {
      exchange.head({ headers: { 'content-type': 'audio/mpeg', 'transfer-encoding': 'chunked' } })
      exchange.chunk(new Uint8Array([1, 2, 3]))
      await new Promise((resolve) => setTimeout(resolve, 20))
      exchange.chunk(new Uint8Array([4]))
      exchange.chunk('')
    })
    const response = await post(server, '/v1/audio/speech')
    expect([...(await response.bytes())]).toEqual([1, 2, 3, 4])
  })

  it('fails when it stalls after its first bytes', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(event({ type: 'response.created' }))
    })
    const response = await post(server, '/v1/custom', { stream: true }, { timeout: { total: 5_000, idle: 60 } })
    await expect(response.text()).rejects.toMatchObject({ code: 'timeout', phase: 'idle' })
  })

  it('is handed on piece by piece where it asks for a stream, whatever its media type', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head({ headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } })
      exchange.chunk('[{"candidates":[]}')
    })
    const response = await post(server, '/v1beta/models/g:streamGenerateContent', { contents: [] })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('[{"candidates":[]}')
    await reader?.cancel()
  })

  it('has each of its cookies by itself', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']
    const lines = cookies.map((cookie) => `set-cookie: ${cookie}\r\n`).join('')
    await using server = await faultServer((exchange) =>
      exchange.write(`HTTP/1.1 200 OK\r\n${lines}content-length: 2\r\n\r\n{}`),
    )
    for (const fetch of [undefined, 'global'] as const) {
      const response = await createFetch({ ...QUICK, fetch })(server.url('/v1/models'))
      expect(response.headers.getSetCookie()).toEqual(cookies)
    }
  })

  it('keeps the length of a stream that it sends', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const body = new Blob(['12345']).stream()
    await createFetch(QUICK)(server.url('/file'), {
      method: 'PUT',
      body,
      duplex: 'half',
      headers: { 'content-length': '5' },
    })
    expect(server.requests[0]).toMatchObject({ body: '12345', headers: { 'content-length': '5' } })
  })

  it.each<[string, string, unknown, RegExp]>([
    ['no URL', '', undefined, /^fetch: the URL must be absolute/],
    ['a method that is none', 'http://localhost/', { method: 'A B' }, /^fetch: the method must be/],
    ['nothing', undefined as never, undefined, /^fetch: the first argument must be a URL or a Request/],
  ])('is refused with %s', async (_, input, init, words) => {
    const fetched = createFetch(QUICK)(input, init as RequestInit)
    await expect(fetched).rejects.toThrow(TypeError)
    await expect(fetched).rejects.toThrow(words)
  })

  it('may have a lone % in its path, and null beside it', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const response = await createFetch(QUICK)(`${server.origin}/models/100%`, null as never)
    expect(response.status).toBe(200)
  })

  it('may have no body in its answer', async () => {
    await using server = await faultServer((exchange) => exchange.write('HTTP/1.1 204 No Content\r\n\r\n'))
    const response = await createFetch(QUICK)(server.url('/v1/files/1'), { method: 'DELETE' })
    const { href } = server.url('/v1/files/1')
    expect([response.url, response.clone().url, response.clone().clone().url]).toEqual([href, href, href])
    expect(response.status).toBe(204)
    expect(response.body).toBeNull()
  })

  it('is held to the size limit as a document', async () => {
    await using server = await faultServer((exchange) => exchange.json({ data: 'x'.repeat(100) }))
    const fetched = post(server, '/v1/embeddings', {}, { maxResponseBytes: 50 })
    await expect(fetched).rejects.toMatchObject({ code: 'invalid_response', retryable: false })
  })
})

describe('the Responses wire', () => {
  const body = { model: 'm', input: 'What is the capital of France?' }
  const usage = { input_tokens: 9, output_tokens: 7, total_tokens: 16 }
  const delta = (type: string): string => event({ type: `response.${type}.delta`, output_index: 0, delta: 'piece' })

  it('hands on a finished response with its usage', async () => {
    const whole = {
      id: 'r',
      status: 'completed',
      output: [{ content: [{ type: 'output_text', text: 'Paris' }] }],
      usage,
    }
    const seen: unknown[] = []
    await using server = await faultServer((exchange) => exchange.json(whole))
    const response = await post(server, '/v1/responses', body, {
      onEvent: (told) => told.type === 'success' && seen.push(told.finishReason, told.usage?.totalTokens),
    })
    expect(await response.json()).toEqual(whole)
    expect(seen).toEqual(['stop', 16])
  })

  it('hands on a response that works in the background', async () => {
    await using server = await faultServer((exchange) => exchange.json({ id: 'r', status: 'queued', output: [] }))
    const response = await post(server, '/v1/responses', { ...body, background: true })
    expect(await response.json()).toMatchObject({ status: 'queued' })
  })

  it('tries a failed response again', async () => {
    const failed = { id: 'r', status: 'failed', error: { code: 'server_error', message: 'The server had an error' } }
    await using server = await faultServer(
      steps(
        (exchange) => exchange.json(failed),
        (exchange) => exchange.respond(event({ type: 'response.failed', response: failed }), EVENT_STREAM),
        (exchange) => exchange.json({ status: 'completed', output: [] }),
      ),
    )
    expect((await post(server, '/v1/responses', body)).status).toBe(200)
    expect(server.requests.length).toBe(3)
  })

  it.each([
    'output_text',
    'refusal',
    'reasoning_text',
    'reasoning_summary_text',
    'function_call_arguments',
    'audio.transcript',
  ])('begins a stream with a piece of %s', async (type) => {
    await using server = await faultServer((exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(event({ type: 'response.created' }) + delta(type))
    })
    const response = await post(server, '/v1/responses', { ...body, stream: true })
    const chunk = await response.body?.getReader().read()
    expect(new TextDecoder().decode(chunk?.value)).toContain('piece')
  })

  it.each(['response.completed', 'response.incomplete', 'response.done'])('ends a stream with %s', async (type) => {
    const all = delta('output_text') + event({ type, response: { usage } })
    await using server = await faultServer((exchange) => exchange.respond(all, EVENT_STREAM))
    const response = await post(server, '/v1/responses', { ...body, stream: true })
    expect(await response.text()).toBe(all)
  })

  it.each([
    ['nothing', ''],
    ['an error', event({ type: 'error', code: 'server_error', message: 'oops' })],
    ['no JSON', 'data: oops\n\n'],
  ])('does not end a stream with %s', async (_, end) => {
    await using server = await faultServer((exchange) => exchange.respond(delta('output_text') + end, EVENT_STREAM))
    const response = await post(server, '/v1/responses', { ...body, stream: true })
    await expect(response.text()).rejects.toSatisfy((error) => unwrapError(error) !== undefined)
  })
})

describe('the Responses wire without input', () => {
  const half = event({ type: 'response.output_text.delta', delta: 'half' })

  it.each([
    ['a stored prompt', { prompt: { id: 'p1' }, stream: true }],
    ['a conversation', { conversation: 'c1', previous_response_id: 'r1', stream: true }],
  ])('is proven for %s', async (_, body) => {
    await using server = await faultServer((exchange) => exchange.respond(half, EVENT_STREAM))
    const response = await post(server, '/v1/responses', body)
    await expect(response.text()).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('is proven for a response that is listened to again', async () => {
    await using server = await faultServer((exchange) => exchange.respond(half, EVENT_STREAM))
    const response = await createFetch(QUICK)(server.url('/v1/responses/r1?stream=true&starting_after=3'))
    await expect(response.text()).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('tells an error that its last event has', async () => {
    const error = { code: 'server_error', message: 'oops' }
    const all = half + event({ type: 'response.done', response: { status: 'failed', error } })
    await using server = await faultServer((exchange) => exchange.respond(all, EVENT_STREAM))
    const response = await post(server, '/v1/responses', { input: 'x', stream: true })
    await expect(response.text()).rejects.toSatisfy((thrown) => unwrapError(thrown)?.code === 'server_error')
  })
})

describe('the wire of a request', () => {
  const proven: readonly (readonly [string, string, object, object])[] = [
    [
      'OpenAI',
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'x' }] },
      { choices: [{ message: { content: 'half' } }] },
    ],
    [
      'Azure',
      '/openai/deployments/d/chat/completions?api-version=1',
      {},
      { choices: [{ message: { content: 'half' } }] },
    ],
    ['Responses', '/v1/responses', { input: 'x' }, { id: 'r', output: [] }],
    ['Anthropic', '/v1/messages', { messages: [{ role: 'user', content: 'x' }] }, { ...message, stop_reason: null }],
    [
      'Gemini',
      '/v1beta/models/g:generateContent',
      { contents: [] },
      { candidates: [{ content: { parts: [{ text: 'half' }] } }] },
    ],
  ]

  it.each(proven)('is recognised as %s', async (_, path, body, half) => {
    await using server = await faultServer((exchange) => exchange.json(half))
    await expect(post(server, path, { model: 'm', ...body })).rejects.toMatchObject({ code: 'invalid_response' })
    expect(server.requests.length).toBe(3)
  })

  it.each([
    ['/v1/messages/count_tokens', { messages: [{ role: 'user', content: 'x' }] }],
    ['/v1/threads/t/messages', { role: 'user', content: 'x' }],
    ['/v1beta/models/g:embedContent', { content: {} }],
  ])('is not mistaken at %s', async (path, body) => {
    await using server = await faultServer((exchange) => exchange.json({ anything: true }))
    const response = await post(server, path, body)
    expect(await response.json()).toEqual({ anything: true })
  })

  it('is Anthropic’s in a stream, too', async () => {
    const begin = [
      event({ type: 'message_start', message: { ...message, content: [] } }, 'message_start'),
      event(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        'content_block_start',
      ),
      event(
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Pa' } },
        'content_block_delta',
      ),
    ].join('')
    await using server = await faultServer((exchange) => exchange.respond(begin, EVENT_STREAM))
    const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'x' }] }
    const response = await post(server, '/v1/messages', body)
    await expect(response.text()).rejects.toMatchObject({ code: 'invalid_response', partial: { text: 'Pa' } })
  })

  it('leaves a refused prompt of Gemini to its SDK', async () => {
    const refused = { promptFeedback: { blockReason: 'SAFETY' } }
    await using server = await faultServer((exchange) => exchange.json(refused))
    const response = await post(server, '/v1beta/models/g:generateContent', { contents: [] })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(refused)
  })

  it.each([
    ['/v1/chat/completions', chatBody({ model: 'gpt-x' }), 'gpt-x'],
    ['/v1beta/models/gemini-x:generateContent', '{"contents":[]}', 'gemini-x'],
    ['/v1/models', undefined, 'unknown'],
  ])('says which model is asked at %s', async (path, body, model) => {
    await using server = await faultServer((exchange) => exchange.respond('', { status: 404 }))
    const seen: string[] = []
    const init = body === undefined ? {} : { method: 'POST', body }
    const response = await createFetch({ onEvent: (e) => seen.push(`${e.provider} ${e.model}`) })(
      server.url(path),
      init,
    )
    expect(new Set(seen)).toEqual(new Set([`127.0.0.1 ${model}`]))
    expect(unwrapError(response)).toMatchObject({ provider: '127.0.0.1', model })
  })
})

it('passes a HEAD on, whose length is that of a body which does not come', async () => {
  await using server = await faultServer((exchange) => exchange.head({ contentLength: 1_234 }))
  const response = await createFetch(QUICK)(server.url('/v1/models'), { method: 'HEAD' })
  expect([response.status, await response.text(), server.requests.length]).toEqual([200, '', 1])
})
