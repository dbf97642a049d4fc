import { gzipSync } from 'node:zlib'
import { chat, failure } from '../support/chat.ts'
import type { FaultExchange } from '../support/fault-server.ts'

/** How the server may behave; a base URL names one. */
export type Scenario =
  | 'answer'
  | 'compressed'
  | 'structured once'
  | 'tool call'
  | 'rate limited once'
  | 'overloaded once'
  | 'overloaded for long'
  | 'quota spent'
  | 'key rejected'
  | 'JSON cut'
  | 'body broken once'
  | 'reset once'
  | 'HTML'
  | 'error inside'
  | 'redirect'
  | 'body stalled'
  | 'silent'
  | 'silent once'
  | 'echo'
  | 'stream'
  | 'stream in bytes'
  | 'stream cut early once'
  | 'stream stalled'

/** What to do with a request; `count` says the how many-th of its case it is, from 1. */
type Script = (exchange: FaultExchange, count: number) => unknown

const ANSWER = 'Zürich 東京 🐢'
const PIECES = ['Zürich', ' 東京', ' 🐢']
const STREAMED = { headers: { 'content-type': 'text/event-stream' } }
const CHUNKED = { headers: { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' } }

const answer = (exchange: FaultExchange): void => exchange.json(chat(ANSWER), { headers: { 'x-request-id': 'req_1' } })

const failing = (status: number, words: Parameters<typeof failure>, headers = {}) => {
  return (exchange: FaultExchange): void => exchange.json(failure(...words), { status, headers })
}

/** The first request of a case is treated so, and every later one answered. */
const once = (fault: (exchange: FaultExchange) => unknown) => {
  return (exchange: FaultExchange, count: number): unknown => (count === 1 ? fault(exchange) : answer(exchange))
}

const silent = (): void => undefined
const overloaded = failing(503, ['Busy', 'server_error'])

const event = (delta: object, finish: string | null = null): string => {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'm-2026', choices })}\n\n`
}
const OPENING = event({ role: 'assistant', content: '' })
const WHOLE = `${OPENING}${PIECES.map((content) => event({ content })).join('')}${event({}, 'stop')}data: [DONE]\n\n`

const streamed = (exchange: FaultExchange): void => exchange.respond(WHOLE, STREAMED)

/** The beginning of a stream that says how long it is in no way but by its last chunk. */
const begun = (exchange: FaultExchange, ...pieces: readonly string[]): void => {
  exchange.head(CHUNKED)
  for (const piece of [OPENING, ...pieces.map((content) => event({ content }))]) exchange.chunk(piece)
}

export const SCENARIOS: Readonly<Record<Scenario, Script>> = {
  answer,
  compressed(exchange: FaultExchange) {
    exchange.respond(gzipSync(JSON.stringify(chat(ANSWER))), { headers: { 'content-encoding': 'gzip' } })
  },
  /** Not what was asked for, and then it is. */
  'structured once'(exchange: FaultExchange, count: number) {
    exchange.json(chat(JSON.stringify(count === 1 ? { town: 1 } : { city: 'Zürich' })))
  },
  'tool call'(exchange: FaultExchange) {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } }
    const message = { role: 'assistant', content: null, tool_calls: [call] }
    exchange.json({ ...chat(), choices: [{ index: 0, message, finish_reason: 'tool_calls' }] })
  },
  'rate limited once': once(failing(429, ['Slow down', 'requests'], { 'retry-after-ms': '60' })),
  'overloaded once': once(overloaded),
  'overloaded for long': failing(503, ['Busy', 'server_error'], { 'retry-after': '60' }),
  'quota spent': failing(429, ['You exceeded your current quota', 'insufficient_quota', 'insufficient_quota']),
  'key rejected': failing(401, ['Incorrect API key provided: sk-contract', 'invalid_request_error', 'invalid_api_key']),
  'JSON cut'(exchange: FaultExchange) {
    exchange.respond(JSON.stringify(chat(ANSWER)).replace(/ 東.*/u, ''))
  },
  'body broken once': once((exchange) => {
    exchange.head({ contentLength: 1_000 })
    exchange.write('{"id":')
    exchange.end()
  }),
  'reset once': once((exchange) => exchange.reset()),
  HTML(exchange: FaultExchange) {
    exchange.respond('<!doctype html><title>Welcome</title>', { headers: { 'content-type': 'text/html' } })
  },
  'error inside': failing(200, ['Rate limit reached', 'requests', 'rate_limit_exceeded']),
  /** To where there is an answer. */
  redirect(exchange: FaultExchange) {
    const location = exchange.request.path.replace('/redirect/', '/answer/')
    exchange.json(failure('Moved', 'moved'), { status: 307, headers: { location } })
  },
  'body stalled'(exchange: FaultExchange) {
    exchange.head({ contentLength: 1_000 })
    exchange.write('{"id":')
  },
  silent,
  'silent once': once(silent),
  echo(exchange: FaultExchange) {
    const { headers } = exchange.request
    const names = ['x-a', 'x-b', 'x-c', 'idempotency-key', 'authorization']
    exchange.json(chat(names.map((name) => headers[name]).join(' ')))
  },
  stream: streamed,
  async 'stream in bytes'(exchange: FaultExchange) {
    exchange.head(CHUNKED)
    const bytes = Buffer.from(WHOLE)
    for (let at = 0; at < bytes.length; at++) exchange.chunk(bytes.subarray(at, at + 1))
    exchange.chunk('')
  },
  'stream cut early once'(exchange: FaultExchange, count: number) {
    if (count > 1) return streamed(exchange)
    begun(exchange)
    exchange.end()
  },
  'stream stalled'(exchange: FaultExchange) {
    begun(exchange, 'Zürich')
  },
}
