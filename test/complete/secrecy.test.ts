import { inspect } from 'node:util'
import { type Completion, createClient, gemini, openaiCompatible, type Request } from 'punctual'
import { expect, test, vi } from 'vitest'
import type { AnyCompletionError } from '../../src/vocabulary/errors.ts'
import { asked, clientOf, failureOf, KEY, observer, PROMPT, responding, scriptedFetch } from '../support/call.ts'
import { chat, failure } from '../support/chat.ts'
import { faultServer } from '../support/fault-server.ts'
import { proxyServer } from '../support/proxy-server.ts'

const TOKEN = 'tenant-token-987654321'
const COOKIE = 'session=abcdef123456'
const SAID = 'The answer that the model had begun to give is this one.'

/** What pino and bunyan make of an error: type, message, stack, causes, and every enumerable member. */
function serialized(error: Error): string {
  const copy: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack }
  for (const key in error) copy[key] = (error as unknown as Record<string, unknown>)[key]
  if (error.cause instanceof Error) copy['cause'] = serialized(error.cause)
  return JSON.stringify(copy)
}

/** Every way in which an error gets into a log by itself. */
function shown(error: AnyCompletionError, events: unknown): string {
  return [
    error.message,
    String(error),
    error.stack,
    inspect(error, { depth: 20 }),
    JSON.stringify(error),
    JSON.stringify(Object.entries(error)),
    serialized(error),
    JSON.stringify(events),
    inspect(events, { depth: 20 }),
  ].join('\n')
}

const echo = `Invalid value for ${KEY} (Bearer ${KEY}); you sent: ${PROMPT}`

test.each<[string, () => Response]>([
  [
    'an error body',
    responding(failure(echo, 'invalid', `code-${KEY}`), 400, { 'x-request-id': KEY, 'set-cookie': COOKIE }),
  ],
  ['an error in a 200', responding(failure(echo, 'invalid'))],
  ['an error that is text', responding(echo, 500)],
  ['an HTML page', responding(`<html>${echo}</html>`, 502)],
  ['an answer that is none', responding(echo)],
  ['an answer that is cut', responding(JSON.stringify(chat(SAID)).slice(0, -60))],
])('nothing secret is shown of %s', async (_what, answer) => {
  const seen = observer()
  const client = clientOf('http://local', { fetch: scriptedFetch(answer), retry: 1, onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked, { headers: { cookie: COOKIE, 'x-auth-token': TOKEN } }))
  const all = shown(error, seen.events)
  for (const secret of [KEY, TOKEN, COOKIE, 'abcdef123456']) expect(all).not.toContain(secret)
  for (const text of [PROMPT, SAID]) expect(all).not.toContain(text)
  const { response } = error
  for (const secret of [KEY, TOKEN, COOKIE])
    expect(JSON.stringify([response?.body, [...(response?.headers ?? [])]])).not.toContain(secret)
})

const TOLD = 'Keep forty-one geese behind the chapel'
const LINK = 'https://files.example.com/private/contract-meier.pdf'
const BYTES = new Uint8Array(90).map((_, index) => (index * 37) % 251)
const question = { type: 'text', text: 'Well?' } as const

test.each<[string, Partial<Request>, string]>([
  ['a link', { messages: [{ role: 'user', content: [question, { type: 'image', url: LINK }] }] }, LINK],
  [
    'the name of a file',
    {
      messages: [
        {
          role: 'user',
          content: [
            question,
            { type: 'file', data: 'JVBERi0xLjQK', mediaType: 'application/pdf', name: 'contract-meier.pdf' },
          ],
        },
      ],
    },
    'contract-meier.pdf',
  ],
  [
    'the bytes of an image',
    { messages: [{ role: 'user', content: [question, { type: 'image', data: BYTES, mediaType: 'image/png' }] }] },
    Buffer.from(BYTES).toString('base64').slice(12, 60),
  ],
  ["a tool's description", { tools: { look: { description: TOLD } } }, TOLD],
  [
    'a schema',
    { output: { type: 'object', properties: { city: { type: 'string', description: TOLD } }, required: ['city'] } },
    TOLD,
  ],
  ['a field of its own', { extraBody: { user_profile: { note: [TOLD] } } }, TOLD],
  ["a message's own field", { messages: [{ role: 'user', content: 'Well?', extra: { note: TOLD } }] }, TOLD],
])('what a provider repeats of %s is not shown', async (_what, part, told) => {
  const seen = observer()
  const fetch = scriptedFetch(responding(failure(`No such thing: "${told}" (type 'object').`, 'invalid'), 400))
  const client = clientOf('http://local', { fetch, onEvent: seen.onEvent })
  const error = await failureOf(client.complete({ ...asked, ...part }))
  expect(error.providerMessage).toBe(`No such thing: "[…]" (type 'object').`)
  expect(shown(error, seen.events)).not.toContain(told)
})

test('a key in a URL is never shown', async () => {
  await using server = await faultServer((exchange) =>
    exchange.json(
      { error: { code: 400, message: `Bad request: ${exchange.request.path}`, status: 'INVALID_ARGUMENT' } },
      { status: 400 },
    ),
  )
  const seen = observer()
  const provider = openaiCompatible({ name: 'own', baseURL: `${server.origin}/v1?key=${TOKEN}&sig=${KEY}` })
  const client = createClient({ provider, model: 'm', onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked))
  await client.close()
  expect(server.requests[0]?.path).toContain(TOKEN)
  const all = shown(error, seen.events) + error.response?.body
  for (const secret of [KEY, TOKEN]) expect(all).not.toContain(secret)
})

test("gemini's key is never shown", async () => {
  const provider = gemini({ apiKey: KEY, baseURL: 'http://local' })
  const fetch = scriptedFetch(responding(`API key not valid: ${KEY}`, 400))
  const seen = observer()
  const error = await failureOf(
    createClient({ provider, fetch, onEvent: seen.onEvent }).complete({ ...asked, model: 'm' }),
  )
  expect(shown(error, seen.events)).not.toContain(KEY)
})

test('what a fetch threw is beneath, and nothing of ours repeats it', async () => {
  const thrown = new TypeError(`fetch failed for Bearer ${KEY}`)
  const seen = observer()
  const fetch = vi.fn(() => Promise.reject(thrown))
  const error = await failureOf(clientOf('http://local', { fetch, retry: 0, onEvent: seen.onEvent }).complete(asked))
  expect(error.cause).toBe(thrown)
  expect([error.message, JSON.stringify(error), JSON.stringify(seen.events)].join()).not.toContain(KEY)
})

test("a proxy's password is never shown", async () => {
  await using proxy = await proxyServer({ connectStatus: 407 })
  const seen = observer()
  const url = proxy.origin.replace('http://', 'http://user:proxy-password-1@')
  const client = createClient({
    provider: openaiCompatible({ name: 'own', baseURL: 'https://model.invalid/v1', apiKey: KEY }),
    proxy: url,
    onEvent: seen.onEvent,
  })
  const error = await failureOf(client.complete({ ...asked, model: 'm' }))
  await client.close()
  expect(error).toMatchObject({ code: 'authentication', retryable: false })
  expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from('user:proxy-password-1').toString('base64')}`)
  const all = shown(error, seen.events)
  for (const secret of ['proxy-password-1', KEY, proxy.credentials[0] as string]) expect(all).not.toContain(secret)
})

test('a broken JSON is not quoted by its cause', async () => {
  const error = await failureOf(
    clientOf('http://local', { fetch: scriptedFetch(responding(`{"text": ${SAID}`)), retry: 0 }).complete(asked),
  )
  expect(error.code).toBe('invalid_response')
  expect(error.cause).toBeUndefined()
})

test('what is hidden is there for who asks', async () => {
  const cut = JSON.stringify(chat(SAID)).slice(0, -60)
  const error = await failureOf(
    clientOf('http://local', { fetch: scriptedFetch(responding(cut)), retry: 0 }).complete(asked),
  )
  expect(error.partial?.text).toBe(SAID)
  expect(error.response?.body).toContain(SAID)
  expect(Object.keys(error)).not.toContain('partial')
  expect(Object.keys(error)).not.toContain('response')
})

test('a good call tells its observers no text', async () => {
  const seen = observer()
  const client = clientOf('http://local', { fetch: scriptedFetch(responding(chat(SAID))), onEvent: seen.onEvent })
  const completion: Completion = await client.complete(asked)
  expect(completion.text).toBe(SAID)
  const told = JSON.stringify(seen.events) + inspect(seen.events, { depth: 20 })
  for (const text of [SAID, PROMPT, KEY]) expect(told).not.toContain(text)
})

test('what a tool was asked is never shown', async () => {
  const argument = '{"diagnosis":"a long and private one"}'
  const fetch = scriptedFetch(responding(failure(`Invalid arguments: ${argument}`, 'invalid'), 400))
  const seen = observer()
  const toolCalls = [{ id: '1', name: 'look_up', arguments: argument }]
  const messages = [...asked.messages, { role: 'assistant', content: '', toolCalls } as const]
  const error = await failureOf(clientOf('http://local', { fetch, onEvent: seen.onEvent }).complete({ messages }))
  expect(shown(error, seen.events)).not.toContain('private')
})

test.each<[string, unknown]>([
  ['messages', 'a secret'],
  ['a message', ['a secret']],
  ['a part', [{ role: 'user', content: ['a secret'] }]],
  ['a tool call', [{ role: 'assistant', content: '', toolCalls: ['a secret'] }]],
])('a prompt in place of %s is not quoted', async (_what, messages) => {
  const call = clientOf('http://local', { fetch: scriptedFetch(responding('')) }).complete({ messages } as never)
  const mistake: unknown = await call.catch((error: unknown) => error)
  expect(mistake).toBeInstanceOf(TypeError)
  expect(String(mistake)).not.toContain('secret')
})

test("a caller's own credential is in no request id", async () => {
  const fetch = scriptedFetch(responding(failure('no', 'server_error'), 500, { 'x-request-id': 'hunterhunter' }))
  const headers = { authorization: 'Bearer hunterhunter', 'x-password': 'swordfish-swordfish' }
  const seen = observer()
  const client = clientOf('http://local', { fetch, headers, onEvent: seen.onEvent })
  expect(shown(await failureOf(client.complete(asked, { retry: 0 })), seen.events)).not.toContain('hunterhunter')
})

test("a proxy's answer shows no password of the option", async () => {
  await using proxy = await faultServer((exchange) => exchange.respond('refused swordfish', { status: 502 }))
  const url = proxy.origin.replace('http://', 'http://user:swordfish@')
  const error = await failureOf(clientOf('http://model.invalid', { proxy: url }).complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ status: 502, response: { body: 'refused [redacted]' } })
  expect(shown(error, [])).not.toContain('swordfish')
})

test("a proxy's answer shows no password of it", async () => {
  const fetch = scriptedFetch(responding('refused (Basic dXNlcjpwYXNz)', 502))
  const error = await failureOf(clientOf('http://local', { fetch }).complete(asked, { retry: 0 }))
  expect(shown(error, [])).not.toContain('dXNlcjpwYXNz')
})

test('what no parser could read is not printed', async () => {
  const broken = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${SAID}\r\n`
  await using server = await faultServer((exchange) => exchange.write(broken))
  const error = await failureOf(clientOf(server.origin, { retry: 0 }).complete(asked))
  expect(error.cause).toMatchObject({ name: 'HTTPParserError' })
  expect(inspect(error, { showHidden: true })).not.toContain(SAID)
})

test('no credential of an attempt long before is shown', async () => {
  const keys = ['first-key-12345', 'second-key-12345', 'third-key-12345']
  const fetch = scriptedFetch(responding(failure(`used: ${keys.join(' ')}`, 'server_error'), 500))
  const left = [...keys]
  const error = await failureOf(clientOf('http://local', { fetch, apiKey: () => left.shift() ?? '' }).complete(asked))
  expect(error.attempts).toHaveLength(3)
  expect(error.providerMessage).toBe('used: [redacted] [redacted] [redacted]')
})
