import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, responding, scriptedFetch } from '../support/call.ts'
import { failure, steps } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { faultServer } from '../support/fault-server.ts'

const down = responding(failure('down', 'server_error'), 500, { 'x-request-id': 'req_1' })
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
  expect(error.message).toContain('No further request was sent.')
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
