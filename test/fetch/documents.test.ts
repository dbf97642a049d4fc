import { gzipSync } from 'node:zlib'
import { isCompletionError } from 'punctual'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { answering, chat, failure, steps } from '../support/chat.ts'
import { faultServer, refusedPort } from '../support/fault-server.ts'
import { ask, QUICK } from '../support/fetching.ts'

describe('a document through createFetch', () => {
  it('is handed on with its status, headers and bytes', async () => {
    const text = JSON.stringify(chat(), null, 2)
    await using server = await faultServer((exchange) => exchange.respond(text, { headers: { 'x-request-id': 'r1' } }))
    const response = await ask(server)
    expect(response.status).toBe(200)
    expect(response.ok).toBe(true)
    expect(response.redirected).toBe(false)
    expect(response.url).toBe(server.url('/v1/chat/completions').href)
    expect(response.headers.get('x-request-id')).toBe('r1')
    expect(response.headers.get('x-should-retry')).toBeNull()
    expect(await response.text()).toBe(text)
  })

  it('is sent as the caller wrote it', async () => {
    await using server = await faultServer(answering)
    await ask(server, { init: { headers: { 'X-Own': 'yes', 'content-type': 'application/json; v=1' } } })
    const [request] = server.requests
    expect(request?.method).toBe('POST')
    expect(request?.headers).toMatchObject({ 'x-own': 'yes', 'content-type': 'application/json; v=1' })
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ model: 'm' })
  })

  it('loses its encoding when it has been decoded', async () => {
    const zipped = gzipSync(JSON.stringify(chat()))
    await using server = await faultServer((exchange) =>
      exchange.respond(zipped, { headers: { 'content-encoding': 'gzip' } }),
    )
    const response = await ask(server)
    expect(response.headers.get('content-encoding')).toBeNull()
    const bytes = await response.bytes()
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(chat())
  })

  const damaged: readonly (readonly [string, string])[] = [
    ['truncated', JSON.stringify(chat()).slice(0, -20)],
    ['empty', ''],
    ['a web page', '<!doctype html><title>Gateway</title>'],
    ['without a finish reason', JSON.stringify(chat('half', null))],
  ]

  it.each(damaged)('is asked for again when it is %s', async (_, body) => {
    await using server = await faultServer(steps((exchange) => exchange.respond(body), answering))
    const response = await ask(server)
    expect(await response.json()).toEqual(chat())
    expect(server.requests.length).toBe(2)
  })

  it.each(damaged)('is thrown as invalid_response when it stays %s', async (_, body) => {
    await using server = await faultServer((exchange) => exchange.respond(body))
    const error: unknown = await ask(server).catch((thrown: unknown) => thrown)
    expect(isCompletionError(error) && error.code).toBe('invalid_response')
    expect(unwrapError(error)?.stopReason).toBe('max_retries')
    expect(server.requests.length).toBe(3)
  })

  it('is thrown as network when nobody listens', async () => {
    const port = await refusedPort()
    const fetched = createFetch(QUICK)(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', body: '{}' })
    await expect(fetched).rejects.toMatchObject({ code: 'network', sent: false })
  })

  it('is tried again when its connection breaks', async () => {
    await using server = await faultServer(
      steps(
        (exchange) => exchange.reset(),
        (exchange) => {
          exchange.head({ contentLength: 500 })
          exchange.write('{"id":')
          exchange.end()
        },
        answering,
      ),
    )
    const response = await ask(server)
    expect(await response.json()).toEqual(chat())
    expect(server.requests.length).toBe(3)
  })

  it('settles by the total when the server is silent', async () => {
    await using server = await faultServer(() => {})
    const error = await ask(server, { options: { timeout: 60 } }).catch(unwrapError)
    expect(error).toMatchObject({ code: 'timeout', phase: 'total', name: 'TimeoutError' })
    await server.connections[0]?.closed
  })

  it('is tried again when an attempt takes too long', async () => {
    await using server = await faultServer(steps(() => {}, answering))
    const response = await ask(server, { options: { timeout: { total: 5_000, attempt: 60 } } })
    expect(response.status).toBe(200)
    expect(server.requests.length).toBe(2)
  })

  it('ends the exchange when its signal aborts', async () => {
    const controller = new AbortController()
    await using server = await faultServer(() => controller.abort(new Error('left')))
    const error = await ask(server, { init: { signal: controller.signal } }).catch(unwrapError)
    expect(error).toMatchObject({ code: 'aborted', name: 'AbortError', cause: { message: 'left' } })
    await server.connections[0]?.closed
  })

  it('sends nothing when its signal has aborted before', async () => {
    await using server = await faultServer(answering)
    const fetched = ask(server, { init: { signal: AbortSignal.abort() } })
    await expect(fetched).rejects.toMatchObject({ code: 'aborted', sent: false })
    expect(server.requests.length).toBe(0)
  })

  it('is held to its size limit', async () => {
    await using server = await faultServer(answering)
    const fetched = ask(server, { options: { maxResponseBytes: 20 } })
    await expect(fetched).rejects.toMatchObject({ code: 'invalid_response', retryable: false })
    expect(server.requests.length).toBe(1)
  })

  it('tells observers of every attempt and of the end', async () => {
    const seen: string[] = []
    await using server = await faultServer(steps((exchange) => exchange.respond('', { status: 503 }), answering))
    await ask(server, { options: { onEvent: ({ type }) => seen.push(type), metadata: { tenant: 'a' } } })
    expect(seen).toEqual(['attempt.start', 'attempt.end', 'retry', 'attempt.start', 'attempt.end', 'success'])
  })

  it('shows neither key nor prompt in an error', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json(failure('Bad key sk-test-1234567890 for: What is the capital of France?', 'auth'), { status: 401 }),
    )
    const response = await ask(server)
    const error = unwrapError({ headers: response.headers })
    expect(error?.code).toBe('authentication')
    expect(JSON.stringify(error)).not.toMatch(/sk-test|capital of France/)
  })
})
