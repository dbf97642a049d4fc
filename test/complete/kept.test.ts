import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, responding, scriptedFetch } from '../support/call.ts'
import { failure, steps } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { faultServer } from '../support/fault-server.ts'
import { testClock } from '../support/test-clock.ts'

const down = responding(failure('down', 'server_error'), 500, { 'x-request-id': 'req_1' })
const limited = responding(failure('slow down', 'rate_limit', 'tokens'), 429, { 'retry-after': '5' })
const begun = responding(wire.role() + wire.word('Paris '), 200, { 'content-type': 'text/event-stream' })
const broken = () => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))

test('what an attempt received outlasts one that received nothing', async () => {
  await using server = await faultServer(
    steps(
      (exchange) =>
        exchange.respond(wire.role() + wire.word('Paris '), { headers: { 'content-type': 'text/event-stream' } }),
      (exchange) => exchange.json(failure('down', 'server_error'), { status: 503 }),
    ),
  )
  const client = clientOf(server.origin, { retry: { maxRetries: 1, baseDelay: 0 }, wire: 'stream' })
  const error = await failureOf(client.complete(asked))
  expect(error).toMatchObject({ code: 'server_error', status: 503, partial: { text: 'Paris ' } })
  expect(error.attempts[1]?.usage).toBeUndefined()
})

test.each([
  ['reasoning', wire.delta({ reasoning_content: 'Hm' }), { text: '', reasoning: 'Hm' }],
  ['a tool call', wire.toolDelta(0, { id: 'a', name: 'f', arguments: '{' }), { text: '', toolCalls: [{ id: 'a' }] }],
  ['text', wire.word('Rome'), { text: 'Rome' }],
])('what an attempt received gives way to %s of a later one', async (_, piece, partial) => {
  const cut = (body: string) => responding(wire.role() + body, 200, { 'content-type': 'text/event-stream' })
  const fetch = scriptedFetch(cut(wire.word('Paris ')), cut(piece))
  const error = await failureOf(clientOf('http://local', { fetch, retry: 1, wire: 'stream' }).complete(asked))
  expect(error).toMatchObject({ code: 'invalid_response', partial })
})

test.each([
  ['an answer', limited, { providerCode: 'tokens', providerMessage: 'slow down', status: 429, retryAfterMs: 5_000 }],
  ['a piece of one', begun, { status: 200, partial: { text: 'Paris ' } }],
])('%s is on the error of a call that is aborted while it waits', async (_, first, kept) => {
  const clock = testClock()
  const controller = new AbortController()
  const retry = { baseDelay: 1_000, jitter: 'none' } as const
  const client = clientOf('http://local', { clock, fetch: scriptedFetch(first), wire: 'stream', retry })
  const failed = failureOf(client.complete(asked, { signal: controller.signal }))
  await clock.advance(500)
  controller.abort()
  expect(await failed).toMatchObject({ code: 'aborted', sent: true, ...kept })
  expect(clock.pending).toBe(0)
})

test('the last answer outlasts a connection that breaks', async () => {
  const fetch = scriptedFetch(down, broken)
  const error = await failureOf(clientOf('http://local', { fetch, retry: 1 }).complete(asked))
  expect(error).toMatchObject({ code: 'network', status: 500, requestId: 'req_1', response: { status: 500 } })
})

test('an answer outlasts a credential that could not be had again', async () => {
  const fetch = scriptedFetch(down)
  let asks = 0
  const apiKey = () => {
    if (asks++ > 0) throw new Error('the vault is shut')
    return 'test-key-1'
  }
  const error = await failureOf(clientOf('http://local', { fetch, apiKey }).complete(asked))
  expect(error).toMatchObject({ code: 'authentication', sent: true, status: 500, requestId: 'req_1' })
  expect(error.response).toMatchObject({ status: 500 })
  expect(error.message).toContain('No further request was sent.')
})

test('an answer outlasts a credential that could not be renewed', async () => {
  const refused = responding(failure('bad key', 'invalid_request_error'), 401, { 'x-request-id': 'req_1' })
  const keys = ['test-key-1']
  const apiKey = () => keys.shift() ?? ''
  const error = await failureOf(clientOf('http://local', { fetch: scriptedFetch(refused), apiKey }).complete(asked))
  expect(error).toMatchObject({ code: 'authentication', status: 401, requestId: 'req_1', response: { status: 401 } })
})

test('an answer keeps no id of another', async () => {
  const nameless = responding(failure('down', 'server_error'), 503)
  const error = await failureOf(
    clientOf('http://local', { fetch: scriptedFetch(down, nameless), retry: 1 }).complete(asked),
  )
  expect(error).toMatchObject({ status: 503 })
  expect(error.requestId).toBeUndefined()
})

test('a short header beside the credential hides no id', async () => {
  const fetch = scriptedFetch(responding(failure('no', 'invalid_request_error'), 400, { 'x-request-id': 'req_12345' }))
  const error = await failureOf(clientOf('http://local', { fetch, headers: { 'x-bypass-cache': '1' } }).complete(asked))
  expect(error.requestId).toBe('req_12345')
})

test('a shouldRetry that would wait for ever is a mistake', async () => {
  const options = { timeout: Infinity, retry: { shouldRetry: () => ({ delay: Infinity }) } }
  await expect(clientOf('http://local', { fetch: scriptedFetch(down) }).complete(asked, options)).rejects.toThrow(
    TypeError,
  )
})
