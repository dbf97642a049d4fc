import { getEventListeners } from 'node:events'
import type { Clock } from 'punctual'
import type { FetchOptions } from 'punctual/fetch'
import { withRequest } from 'punctual/server'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/fetch-edge.ts'
import { answering, chat } from '../support/chat.ts'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { CHAT_STREAM, CHUNKED, EVENT_STREAM } from '../support/fetched-stream.ts'
import { ask, askStream, chatBody, PATH, QUICK } from '../support/fetching.ts'

const begin = (exchange: FaultExchange): void => {
  exchange.head(CHUNKED)
  exchange.chunk(CHAT_STREAM.slice(0, 2).join(''))
}
const whole = (exchange: FaultExchange): void => exchange.respond(CHAT_STREAM.join(''), EVENT_STREAM)

describe('a settled fetch', () => {
  const ends: readonly (readonly [
    string,
    (exchange: FaultExchange) => void,
    (server: FaultServer, signal: AbortSignal, options?: FetchOptions) => Promise<unknown>,
  ])[] = [
    ['an answer', answering, (server, signal, options = {}) => ask(server, { options, init: { signal } })],
    [
      'a refusal',
      (exchange) => exchange.respond('', { status: 400 }),
      (server, signal, options = {}) => ask(server, { options, init: { signal } }),
    ],
    [
      'a failure',
      (exchange) => exchange.reset(),
      (server, signal, options = {}) => ask(server, { options, init: { signal } }).catch(() => {}),
    ],
    [
      'a stream',
      whole,
      async (server, signal, options = {}) => (await askStream(server, { options, init: { signal } })).text(),
    ],
    [
      'a stream that was cut',
      (exchange) => {
        begin(exchange)
        exchange.reset()
      },
      async (server, signal, options = {}) =>
        (await askStream(server, { options, init: { signal } })).text().catch(() => {}),
    ],
    [
      'a stream that was left',
      begin,
      async (server, signal, options = {}) => (await askStream(server, { options, init: { signal } })).body?.cancel(),
    ],
  ]

  it.each(ends)('leaves no listener on its signal after %s', async (_, script, run) => {
    const { signal } = new AbortController()
    await using server = await faultServer(script)
    await run(server, signal)
    expect(getEventListeners(signal, 'abort').length).toBe(0)
  })

  it('leaves no socket to a stream that nobody reads', async () => {
    await using server = await faultServer(begin)
    await askStream(server, { options: { timeout: 60 } })
    await server.connections[0]?.closed
    expect(server.open()).toBe(0)
  })

  it.each(ends)('leaves no timer after %s', async (_, script, run) => {
    const active = new Set<unknown>()
    const clock: Clock = {
      now: () => performance.now(),
      wallNow: () => Date.now(),
      setTimeout(callback, milliseconds) {
        const timer = setTimeout(() => {
          active.delete(timer)
          callback()
        }, milliseconds)
        active.add(timer)
        return timer
      },
      clearTimeout(timer) {
        active.delete(timer)
        clearTimeout(timer as NodeJS.Timeout)
      },
    }
    let most = 0
    const { signal } = new AbortController()
    const onEvent = (): void => void (most = Math.max(most, active.size))
    await using server = await faultServer(script)
    await run(server, signal, { clock, onEvent })
    // The deadline's own is taken back in the turn in which the last of the call is told.
    await new Promise((resolve) => setImmediate(resolve))
    expect(most).toBeGreaterThan(0)
    expect(active.size).toBe(0)
  })
})

describe('a fetch within a request that is being served', () => {
  it('ends when the user leaves', async () => {
    const user = new AbortController()
    const request = new Request('http://own.test/', { signal: user.signal })
    await using server = await faultServer(() => user.abort())
    const asked = withRequest({ request }, () => ask(server))
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    await server.connections[0]?.closed
  })

  it('goes on when it is detached', async () => {
    const user = new AbortController()
    const request = new Request('http://own.test/', { signal: user.signal })
    await using server = await faultServer((exchange) => {
      user.abort()
      answering(exchange)
    })
    const response = await withRequest({ request }, () => ask(server, { options: { detached: true } }))
    expect(response.status).toBe(200)
  })

  it('has its deadline', async () => {
    await using server = await faultServer(() => {})
    const asked = withRequest({ request: new Request('http://own.test/'), deadline: Date.now() + 60 }, () =>
      createFetch({ retry: false })(server.url(PATH)),
    )
    await expect(asked).rejects.toMatchObject({ code: 'timeout', phase: 'total' })
  })
})

describe('createFetch without undici', () => {
  const fetched = createFetch(QUICK)
  const send = (server: FaultServer, more: object = {}, init: RequestInit = {}): Promise<Response> =>
    fetched(server.url(PATH), { method: 'POST', body: chatBody(more), ...init })

  it('hands on a document', async () => {
    await using server = await faultServer(answering)
    expect(await (await send(server)).json()).toEqual(chat())
  })

  it('returns a refusal', async () => {
    await using server = await faultServer((exchange) => exchange.respond('{}', { status: 503 }))
    const response = await send(server)
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false'])
    expect(server.requests.length).toBe(3)
  })

  it('hands on a stream and guards its end', async () => {
    await using server = await faultServer((exchange) => {
      begin(exchange)
      exchange.chunk('')
    })
    const response = await send(server, { stream: true })
    await expect(response.text()).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('closes its connection when it is aborted', async () => {
    const controller = new AbortController()
    await using server = await faultServer(() => controller.abort())
    await expect(send(server, {}, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' })
    await server.connections[0]?.closed
  })
})
