import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { asked, clientOf, failureOf, observer, responding, scriptedFetch } from '../support/call.ts'
import { ANSWER, answering, chat, failure, steps } from '../support/chat.ts'
import { type FaultExchange, faultServer, loopbackPem } from '../support/fault-server.ts'
import { http2Server } from '../support/http2-server.ts'
import { until } from '../support/receive.ts'
import { turns } from '../support/test-clock.ts'

type Script = (exchange: FaultExchange) => unknown

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), loopbackPem]))

const whole = JSON.stringify(chat())
const gzip = { headers: { 'content-encoding': 'gzip' } }

test('an answer tells everything about its call', async () => {
  await using server = await faultServer((exchange) =>
    exchange.json(chat(), { headers: { 'x-request-id': 'req_1', 'x-note': 'seen' } }),
  )
  const completion = await clientOf(server.origin).complete(asked, { metadata: { user: 7 } })
  expect(completion).toMatchObject({
    text: ANSWER,
    finishReason: 'stop',
    message: { role: 'assistant', content: ANSWER },
    toolCalls: [],
    usage: { inputTokens: 9, outputTokens: 7, totalTokens: 16 },
    provider: 'local',
    model: 'm-2026',
    requestedModel: 'm',
    id: 'chatcmpl-1',
    metadata: { user: 7 },
    raw: chat(),
    response: { status: 200, requestId: 'req_1' },
    attempts: [{ index: 0, outcome: 'ok', status: 200, requestId: 'req_1', delayBefore: 0, delayFrom: null }],
  })
  expect(completion.response.headers.get('x-note')).toBe('seen')
  expect(completion.response.headers).toBe(completion.response.headers)
  expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
})

test.each<[string, Script]>([
  ['begins with a byte order mark', (exchange) => exchange.respond(`\uFEFF${whole}`)],
  ['calls itself text', (exchange) => exchange.respond(whole, { headers: { 'content-type': 'text/html' } })],
  ['has no type', (exchange) => exchange.respond(whole, { headers: { 'content-type': '' } })],
  ['has no length', (exchange) => exchange.respond(whole, { contentLength: false })],
  [
    'comes byte by byte',
    async (exchange) => {
      exchange.head({ contentLength: Buffer.byteLength(whole) })
      await exchange.drip(
        Buffer.from(whole)
          .toString('latin1')
          .match(/.{40}|.+/gs) ?? [],
        1,
      )
    },
  ],
  ['comes as gzip', (exchange) => exchange.respond(gzipSync(whole), gzip)],
  [
    'comes as deflate',
    (exchange) => exchange.respond(deflateSync(whole), { headers: { 'content-encoding': 'deflate' } }),
  ],
  ['comes as br', (exchange) => exchange.respond(brotliCompressSync(whole), { headers: { 'content-encoding': 'br' } })],
  [
    'has a header that is not latin',
    (exchange) => exchange.respond(whole, { headers: { 'x-note': Buffer.from('日本').toString() } }),
  ],
])('an answer that %s is an answer', async (_what, script) => {
  await using server = await faultServer(script)
  const completion = await clientOf(server.origin).complete(asked, { timeout: 2_000 })
  expect(completion.text).toBe(ANSWER)
  expect(completion.response.headers.get('content-encoding')).not.toBe('x')
})

test.each<[string, Script, string]>([
  ['is empty', (exchange) => exchange.respond(''), 'empty'],
  ['is a 204', (exchange) => exchange.respond('', { status: 204 }), ''],
  ['is HTML', (exchange) => exchange.respond('<!doctype html><title>Sign in</title>'), 'HTML'],
  ['is text', (exchange) => exchange.respond('upstream says hello'), 'text'],
  ['is an event stream', (exchange) => exchange.respond('data: {"choices":[]}\n\n'), 'event stream'],
  ['is broken JSON', (exchange) => exchange.respond(whole.replace('"stop"', 'stop')), 'JSON'],
  ['is JSON of another shape', (exchange) => exchange.json({ hello: 'world' }), ''],
  ['is a JSON scalar', (exchange) => exchange.respond('null'), ''],
  ['has no finish reason', (exchange) => exchange.json(chat(ANSWER, null)), ''],
  ['ends short without a length', (exchange) => exchange.respond(whole.slice(0, -20), { contentLength: false }), ''],
  ['is cut gzip', (exchange) => exchange.respond(gzipSync(whole).subarray(0, -9), gzip), 'compressed'],
  ['is corrupt gzip', (exchange) => exchange.respond(gzipSync(whole).fill(0xff, 10), gzip), 'compressed'],
])('an answer that %s is tried again', async (_what, script, words) => {
  await using server = await faultServer(steps(script, script, answering))
  const client = clientOf(server.origin)
  const { text, attempts } = await client.complete(asked)
  expect(text).toBe(ANSWER)
  expect(attempts.map(({ error }) => error?.code)).toEqual(['invalid_response', 'invalid_response', undefined])
  expect(attempts[0]?.error?.message.toLowerCase()).toContain(words.toLowerCase())
})

test.each<[string, Script, string]>([
  [
    'ends short of its length',
    (exchange) => {
      exchange.head({ contentLength: whole.length })
      exchange.write(whole.slice(0, -20))
      exchange.end()
    },
    'network',
  ],
  [
    'ends short of its length on a closing connection',
    (exchange) => {
      exchange.head({ contentLength: whole.length, headers: { connection: 'close' } })
      exchange.write(whole.slice(0, -20))
      exchange.end()
    },
    'invalid_response',
  ],
  [
    'is whole but short of its length',
    (exchange) => {
      exchange.respond(whole, { contentLength: whole.length + 10 })
      exchange.end()
    },
    'network',
  ],
  [
    'is cut between chunks',
    (exchange) => {
      exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
      exchange.chunk(whole)
      exchange.end()
    },
    'network',
  ],
  [
    'is cut within a chunk',
    (exchange) => {
      exchange.head({ headers: { 'transfer-encoding': 'chunked', connection: 'close' } })
      exchange.write(`ffff\r\n${whole}`)
      exchange.end()
    },
    'invalid_response',
  ],
  [
    'is reset',
    async (exchange) => {
      exchange.head({ contentLength: whole.length })
      exchange.write(whole.slice(0, -20))
      await turns(20)
      exchange.reset()
    },
    'network',
  ],
])('an answer that %s is an error with what came', async (_what, script, code) => {
  await using server = await faultServer(script)
  const error = await failureOf(clientOf(server.origin).complete(asked, { retry: 1 }))
  expect(error).toMatchObject({ code, retryable: true, sent: true, status: 200, stopReason: 'max_retries' })
  expect(error.partial?.text).toBe(ANSWER)
  expect(server.requests).toHaveLength(2)
  await until(() => server.open() === 0)
})

test.each([0, 8])('an HTTP/2 stream reset with code %i is no answer', async (code) => {
  await using server = await http2Server(({ stream }) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' })
    stream.write(whole.slice(0, -20), () => stream.close(code))
  })
  const error = await failureOf(clientOf(server.origin).complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: true, sent: true })
  expect(error.partial?.text).toBe(ANSWER)
})

test('an error inside a 200 is classified by that error', async () => {
  await using server = await faultServer((exchange) =>
    exchange.json(failure('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota')),
  )
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'quota_exceeded', retryable: false, status: 200, stopReason: 'not_retryable' })
  expect(server.requests).toHaveLength(1)
})

test('an overload inside a 200 is tried again', async () => {
  await using server = await faultServer(
    steps((exchange) => exchange.json({ error: { message: 'Overloaded', type: 'overloaded_error' } }), answering),
  )
  expect((await clientOf(server.origin).complete(asked)).text).toBe(ANSWER)
})

test('an answer larger than the limit is given up at once', async () => {
  await using server = await faultServer(async (exchange) => {
    exchange.head({ headers: { 'transfer-encoding': 'chunked' } })
    for (let i = 0; i < 1_000 && !exchange.connection.socket.destroyed; i++) {
      exchange.chunk('x'.repeat(10_000))
      await turns(1)
    }
  })
  const error = await failureOf(clientOf(server.origin).complete(asked, { maxResponseBytes: 50_000 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false, stopReason: 'not_retryable' })
  expect(error.message).toContain('maxResponseBytes')
  expect(error.response?.body.length).toBeLessThanOrEqual(65_536)
  await until(() => server.open() === 0)
})

test('an answer as large as the limit is read', async () => {
  const { length } = new TextEncoder().encode(whole)
  const client = clientOf('http://local', { fetch: async () => new Response(whole) })
  expect((await client.complete(asked, { maxResponseBytes: length })).text).toBe(ANSWER)
  const error = await failureOf(client.complete(asked, { maxResponseBytes: length - 1 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false })
})

/** At its usual quality brotli takes seconds for a bomb. */
const quickBrotli = (data: Buffer): Buffer =>
  brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })

test.each([gzipSync, quickBrotli])('a compression bomb meets the limit by its decoded size', async (compress) => {
  const bomb = compress(Buffer.alloc(64 << 20, ' '))
  expect(bomb.length).toBeLessThan(1 << 20)
  const encoding = compress === gzipSync ? 'gzip' : 'br'
  await using server = await faultServer((exchange) =>
    exchange.respond(bomb, { headers: { 'content-encoding': encoding } }),
  )
  const before = process.memoryUsage().rss
  const error = await failureOf(clientOf(server.origin).complete(asked, { maxResponseBytes: 1 << 20 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false })
  expect(process.memoryUsage().rss - before).toBeLessThan(48 << 20)
})

test('a bomb in an error body is cut too', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20, ' '))
  await using server = await faultServer((exchange) =>
    exchange.respond(bomb, { status: 400, headers: { 'content-encoding': 'gzip' } }),
  )
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
  expect(error.response?.body.length).toBeLessThanOrEqual(65_536)
})

test('an answer that the provider cannot read is a fault of its own', async () => {
  await using server = await faultServer(answering)
  const seen = observer()
  const client = clientOf(server.origin, { onEvent: seen.onEvent })
  const throwing = {
    name: 'own',
    prepare: () => ({ url: server.origin, headers: {}, body: '{}' }),
    parse: () => {
      throw new Error('broken parser')
    },
  }
  const error = await failureOf(client.complete({ ...asked, model: { id: 'm', provider: throwing } }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false, stopReason: 'not_retryable' })
  expect(error.cause).toMatchObject({ message: 'broken parser' })
  expect(seen.types()).toEqual(['attempt.start', 'attempt.end', 'failure'])
})

test.each([
  ['no usage', undefined],
  ['tokens that it has counted', { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 }],
  ['hidden thoughts', { completion_tokens: 192, completion_tokens_details: { reasoning_tokens: 192 } }],
])('a finished answer of %s and nothing else is none', async (_, usage) => {
  await using server = await faultServer(steps((exchange) => exchange.json({ ...chat(''), usage }), answering))
  const { text, attempts } = await clientOf(server.origin).complete(asked)
  expect(text).toBe(ANSWER)
  expect(attempts.map(({ error }) => error?.code)).toEqual(['invalid_response', undefined])
})

const TOOL_TURN = [
  ...asked.messages,
  { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'now', arguments: '{}' }] },
  { role: 'tool', toolCallId: 'a', content: 'noon' },
] as const

test.each([
  ['begins with a text of stop', { ...asked, stop: ['\n'] }, chat('')],
  ['follows a result and has nothing to add', { messages: TOOL_TURN }, chat('')],
  ['is paused', asked, chat('', 'paused')],
  ['holds an image', asked, { ...chat(''), choices: [imaged('image_url')] }],
])('a silent answer is one where it %s', async (_, request, body) => {
  const fetch = scriptedFetch(responding(body))
  expect((await clientOf('http://local', { fetch, retry: 0 }).complete(request)).text).toBe('')
})

function imaged(type: string): object {
  return {
    index: 0,
    message: { role: 'assistant', content: [{ type, image_url: { url: 'x' } }] },
    finish_reason: 'stop',
  }
}

test('an answer in an encoding that nobody knows is none', async () => {
  await using server = await faultServer((exchange) =>
    exchange.respond(whole, { headers: { 'content-encoding': 'zstd' } }),
  )
  const error = await failureOf(clientOf(server.origin).complete(asked))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false })
  expect(error.message).toContain('content-encoding')
})

test('what stands beside an error in a 200 is partial', async () => {
  const choice = {
    message: { role: 'assistant', content: 'Par' },
    finish_reason: 'error',
    error: { code: 502, message: 'x' },
  }
  const fetch = scriptedFetch(responding({ choices: [choice] }))
  const error = await failureOf(clientOf('http://local', { fetch, retry: 0 }).complete(asked))
  expect(error).toMatchObject({ code: 'server_error', partial: { text: 'Par' } })
})
