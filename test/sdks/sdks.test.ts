import { existsSync } from 'node:fs'
import { createFetch, type FetchOptions, unwrapError } from 'punctual/fetch'
import { beforeEach, describe, expect, it } from 'vitest'
import { ANSWER, failure } from '../support/chat.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { event } from '../support/fetched-stream.ts'
import type { Adapter, Conversation } from './adapter.ts'
import { WIRES, type WireAnswers } from './wire-answers.ts'

/** Each SDK: the packages it needs, and how to speak through it. */
const SDKS: readonly (readonly [name: string, packages: readonly string[], load: () => Promise<Adapter>])[] = [
  ['openai', ['openai'], async () => (await import('./adapters/openai.ts')).adapter],
  ['openai with Responses', ['openai'], async () => (await import('./adapters/openai.ts')).responses],
  ['@anthropic-ai/sdk', ['@anthropic-ai/sdk'], async () => (await import('./adapters/anthropic.ts')).adapter],
  ['ai with @ai-sdk/openai', ['ai', '@ai-sdk/openai'], async () => (await import('./adapters/ai.ts')).openai],
  [
    'ai with @ai-sdk/openai and Responses',
    ['ai', '@ai-sdk/openai'],
    async () => (await import('./adapters/ai.ts')).openaiResponses,
  ],
  ['ai with @ai-sdk/anthropic', ['ai', '@ai-sdk/anthropic'], async () => (await import('./adapters/ai.ts')).anthropic],
  ['@langchain/openai', ['@langchain/openai'], async () => (await import('./adapters/langchain.ts')).adapter],
  ['@mistralai/mistralai', ['@mistralai/mistralai'], async () => (await import('./adapters/mistral.ts')).adapter],
  ['ollama', ['ollama'], async () => (await import('./adapters/ollama.ts')).adapter],
  ['groq-sdk', ['groq-sdk'], async () => (await import('./adapters/groq.ts')).adapter],
  ['together-ai', ['together-ai'], async () => (await import('./adapters/together.ts')).adapter],
  ['cohere-ai', ['cohere-ai'], async () => (await import('./adapters/cohere.ts')).adapter],
  ['@google/genai', ['@google/genai'], async () => (await import('./adapters/google.ts')).adapter],
]

const installed = (name: string): boolean => existsSync(new URL(`node_modules/${name}/package.json`, import.meta.url))
const RETRY = { maxRetries: 2, baseDelay: 1, maxDelay: 1 } as const
const LIMITS: FetchOptions = { timeout: { total: 5_000, idle: 250 }, retry: RETRY }

type Script = (exchange: FaultExchange, answers: WireAnswers) => unknown

const document: Script = (exchange, { document: value }) => exchange.json(value)
const begun: Script = (exchange, { begin, mediaType }) => {
  exchange.head({ headers: { 'content-type': mediaType, 'transfer-encoding': 'chunked' } })
  exchange.chunk(begin)
}
const streamed: Script = (exchange, answers) => {
  begun(exchange, answers)
  exchange.chunk(answers.rest)
  exchange.chunk('')
}
const refusing: Script = (exchange, { refusal = failure('Overloaded', 'overloaded_error') }) =>
  exchange.json(refusal, { status: 503, headers: { connection: 'close' } })
const silent: Script = () => {}
/** Does each step once, and the last of them from then on. */
const first =
  (...steps: readonly Script[]): Script =>
  (exchange, answers) =>
    steps[Math.min(exchange.index, steps.length - 1)]?.(exchange, answers)

interface Scene {
  readonly server: FaultServer
  readonly conversation: Conversation
}

/** A server of the SDK's wire and a conversation with it through createFetch. */
async function scene(
  adapter: Adapter,
  script: Script,
  options = LIMITS,
  ownRetries = false,
): Promise<Scene & AsyncDisposable> {
  const answers = WIRES[adapter.wire]
  const server = await faultServer((exchange) => {
    if (!answers.path.test(exchange.request.path)) throw new Error(`an unexpected path: ${exchange.request.path}`)
    return script(exchange, answers)
  })
  const conversation = adapter.open(server.origin, createFetch(options), ownRetries)
  return { server, conversation, [Symbol.asyncDispose]: () => server.close() }
}

/** Reads a stream to its end, whichever it is. */
async function read(pieces: AsyncIterable<string>): Promise<{ text: string; error: unknown }> {
  let text = ''
  try {
    for await (const piece of pieces) text += piece
  } catch (error) {
    return { text, error }
  }
  return { text, error: undefined }
}

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`it resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )

/** Where SDKs say which status they met; LangChain passes OpenAI's error on. */
function statusOf(error: unknown): unknown {
  const { status, statusCode, status_code: snake } = error as Readonly<Record<string, unknown>>
  return status ?? statusCode ?? snake
}

/** Every connection of a server is closed. */
async function allClosed({ connections }: FaultServer): Promise<void> {
  await Promise.all(connections.map(({ closed }) => closed))
}

describe.each(SDKS)('%s through createFetch', (_, packages, load) => {
  const missing = packages.filter((needed) => !installed(needed))
  beforeEach(({ skip }) => {
    if (missing.length > 0) skip(`${missing.join(' and ')} not installed: npm ci --prefix test/sdks`)
  })

  it('gets its answer', async () => {
    await using at = await scene(await load(), document)
    expect(await at.conversation.ask()).toBe(ANSWER)
    expect(at.server.requests.length).toBe(1)
  })

  it('gets its answer after faults that it never sees', async () => {
    await using at = await scene(
      await load(),
      first(refusing, (exchange) => exchange.reset(), document),
    )
    expect(await at.conversation.ask()).toBe(ANSWER)
    expect(at.server.requests.length).toBe(3)
  })

  it('meets a lasting error once', async () => {
    const adapter = await load()
    await using at = await scene(adapter, refusing, { ...LIMITS, retry: false }, adapter.heedsHeader)
    const error = await thrownBy(at.conversation.ask())
    expect(at.server.requests.length).toBe(1)
    expect(statusOf(error)).toBe(503)
    expect(unwrapError(error)?.code).toBe('overloaded')
  })

  it('meets an error inside a 200 as an error', async ({ skip }) => {
    const adapter = await load()
    if (!adapter.proven) skip('punctual does not read its wire')
    await using at = await scene(adapter, (exchange, { overload = {} }) => exchange.json(overload))
    const error = await thrownBy(at.conversation.ask())
    expect(statusOf(error)).toBe(503)
    expect(unwrapError(error)?.code).toBe('overloaded')
    expect(at.server.requests.length).toBe(3)
  })

  it('meets an error at the head of a stream as an error', async ({ skip }) => {
    const adapter = await load()
    if (!adapter.proven) skip('punctual does not read its wire')
    await using at = await scene(adapter, (exchange, { overload = {}, mediaType }) =>
      exchange.respond(event(overload, 'error'), { headers: { 'content-type': mediaType } }),
    )
    const { text, error } = await read(at.conversation.stream())
    expect(text).toBe('')
    expect(statusOf(error)).toBe(503)
    expect(unwrapError(error)?.code).toBe('overloaded')
    expect(at.server.requests.length).toBe(3)
  })

  it('is answered by the total when the server is silent', async () => {
    await using at = await scene(await load(), silent, { timeout: 100, retry: RETRY })
    const error = await thrownBy(at.conversation.ask())
    expect(unwrapError(error)).toMatchObject({ code: 'timeout', phase: 'total' })
    expect(at.server.requests.length).toBe(1)
    await allClosed(at.server)
  })

  it('never gets half an answer', async () => {
    const adapter = await load()
    const cut: Script = (exchange, { document: value }) => {
      const text = JSON.stringify(value)
      exchange.head(adapter.proven ? { headers: { connection: 'close' } } : { contentLength: text.length })
      exchange.write(text.slice(0, -30))
      exchange.end()
    }
    await using at = await scene(adapter, cut)
    const error = await thrownBy(at.conversation.ask())
    expect(unwrapError(error)?.code).toBe(adapter.proven ? 'invalid_response' : 'network')
    expect(at.server.requests.length).toBe(3)
  })

  it('closes its connection when it is aborted', async ({ skip }) => {
    const adapter = await load()
    if (!adapter.aborts) skip('its calls cannot be aborted')
    const controller = new AbortController()
    await using at = await scene(adapter, () => controller.abort())
    await thrownBy(at.conversation.ask(controller.signal))
    await allClosed(at.server)
    expect(at.server.requests.length).toBe(1)
  })

  it('streams its answer', async () => {
    await using at = await scene(await load(), streamed)
    expect(await read(at.conversation.stream())).toEqual({ text: ANSWER, error: undefined })
    expect(at.server.requests.length).toBe(1)
  })

  it('streams its answer after faults that it never sees', async () => {
    await using at = await scene(
      await load(),
      first(refusing, (exchange) => exchange.reset(), streamed),
    )
    expect(await read(at.conversation.stream())).toEqual({ text: ANSWER, error: undefined })
    expect(at.server.requests.length).toBe(3)
  })

  it('meets a lasting error of a stream once', async () => {
    const adapter = await load()
    await using at = await scene(adapter, refusing, { ...LIMITS, retry: false }, adapter.heedsHeader)
    const { error } = await read(at.conversation.stream())
    expect(unwrapError(error)?.code).toBe('overloaded')
    expect(at.server.requests.length).toBe(1)
  })

  it('fails when its stream stalls', async () => {
    await using at = await scene(await load(), begun)
    const { text, error } = await read(at.conversation.stream())
    expect(text).toBe('Paris is the capital')
    expect(unwrapError(error)).toMatchObject({ code: 'timeout', phase: 'idle' })
    await allClosed(at.server)
    expect(at.server.requests.length).toBe(1)
  })

  it('fails when its stream is cut', async () => {
    const adapter = await load()
    const cut: Script = (exchange, answers) => {
      begun(exchange, answers)
      // Where nothing proves the end, the framing must tell.
      if (adapter.proven) exchange.chunk('')
      else exchange.reset()
    }
    await using at = await scene(adapter, cut)
    const { error } = await read(at.conversation.stream())
    expect(unwrapError(error)?.code).toBe(adapter.proven ? 'invalid_response' : 'network')
    expect(at.server.requests.length).toBe(1)
  })

  it('closes the connection of a stream that is aborted', async () => {
    const controller = new AbortController()
    await using at = await scene(await load(), begun, { timeout: 5_000 })
    const pieces = at.conversation.stream(controller.signal)[Symbol.asyncIterator]()
    let text = ''
    while (!text) text += (await pieces.next()).value ?? ''
    const rest = pieces.next()
    controller.abort()
    // Some SDKs end an aborted stream without an error.
    await Promise.allSettled([rest])
    await allClosed(at.server)
    expect(at.server.requests.length).toBe(1)
  })

  it('never takes an abort from elsewhere for the end of its stream', async () => {
    const controller = new AbortController()
    await using at = await scene(await load(), begun, { timeout: 5_000, signal: controller.signal })
    const pieces = at.conversation.stream()[Symbol.asyncIterator]()
    let text = ''
    while (!text) text += (await pieces.next()).value ?? ''
    const rest = (async () => {
      while (!(await pieces.next()).done);
    })()
    controller.abort()
    const error = await thrownBy(rest)
    expect(unwrapError(error)?.code).toBe('aborted')
  })

  it('closes the connection of a stream that is left', async () => {
    const adapter = await load()
    await using at = await scene(adapter, begun, adapter.leaves ? { timeout: 60_000 } : LIMITS)
    for await (const piece of at.conversation.stream()) if (piece) break
    await allClosed(at.server)
    expect(at.server.requests.length).toBe(1)
  })
})
