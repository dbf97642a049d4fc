import { once } from 'node:events'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { signalFrom } from '../../src/server.ts'
import { bareClient, type Handled, handledServer, http2Session } from '../support/http-server.ts'
import { until } from '../support/receive.ts'

const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

/** Reads the body as a handler does. */
async function read({ request }: Handled): Promise<void> {
  for await (const _ of request) continue
}

describe('on a Node server', () => {
  it('aborts when the client leaves before the answer', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const handled = await server.next()
    await read(handled)
    const signal = signalFrom(handled.request, handled.response)
    expect(signal.aborted).toBe(false)
    client.leave()
    await until(() => signal.aborted)
    expect(signal.reason).toMatchObject({ name: 'AbortError', code: 'CLIENT_GONE' })
  })

  it('stays quiet when a body has been read', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const handled = await server.next()
    const signal = signalFrom(handled.request, handled.response)
    await read(handled)
    await turns()
    expect([signal.aborted, handled.request.destroyed]).toEqual([false, true])
    client.leave()
  })

  it('stays quiet when the answer is complete', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request, response } = await server.next()
    const signal = signalFrom(request, response)
    response.end('done')
    await client.sees(/done/)
    client.leave()
    await turns()
    expect(signal.aborted).toBe(false)
  })

  it('aborts when the client leaves in the middle of an answer', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request, response } = await server.next()
    const signal = signalFrom(request, response)
    response.write('half')
    await client.sees(/half/)
    client.leave()
    await until(() => signal.aborted)
    expect(signal.reason).toMatchObject({ code: 'CLIENT_GONE' })
  })

  it('is aborted at once when the client had left before', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request, response } = await server.next()
    client.leave()
    await until(() => response.destroyed)
    expect(signalFrom(request, response).aborted).toBe(true)
  })

  it('gives one signal for a response, with one listener', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request, response } = await server.next()
    const before = response.listenerCount('close')
    const signals = new Set(Array.from({ length: 20 }, () => signalFrom(request, response)))
    expect([signals.size, response.listenerCount('close') - before]).toEqual([1, 1])
    response.end()
    await client.sees(/200 OK/)
    await until(() => response.listenerCount('close') === before)
    client.leave()
  })

  it('finds the response in what frameworks hand out', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request, response } = await server.next()
    const signal = signalFrom(request, response)
    const fastify = signalFrom({ raw: request }, { raw: response })
    const koa = signalFrom({ req: request, res: response })
    const express = signalFrom(Object.assign(request, { res: response }))
    expect([fastify === signal, koa === signal, express === signal]).toEqual([true, true, true])
    client.leave()
  })

  it('refuses a Node request without its response', async () => {
    await using server = await handledServer()
    const client = bareClient(server.port)
    const { request } = await server.next()
    expect(() => signalFrom(request)).toThrow(/signalFrom\(request, response\)/)
    client.leave()
  })

  it('hears over HTTP/2 that a stream was reset', async () => {
    const handled: { request: Http2ServerRequest; response: Http2ServerResponse }[] = []
    await using served = await http2Session((request, response) => handled.push({ request, response }))
    const { session } = served
    const [left, kept] = [session.request({ ':method': 'POST' }), session.request({ ':method': 'POST' })]
    for (const stream of [left, kept]) stream.on('error', () => {}).end('{}')
    await until(() => handled.length === 2)
    const [gone, answered] = handled.map(({ request, response }) => signalFrom(request, response))
    left.close(8)
    handled[1]?.response.end('done')
    await until(() => gone?.aborted === true)
    kept.resume()
    await new Promise((resolve) => kept.once('close', resolve))
    await turns()
    expect(answered?.aborted).toBe(false)
    expect(signalFrom(handled[0]?.request as object, handled[0]?.response).aborted).toBe(true)
  })

  it('hears over HTTP/2 that whoever asked for a head alone has gone, and not that the head has', async () => {
    const handled: { request: Http2ServerRequest; response: Http2ServerResponse }[] = []
    await using served = await http2Session((request, response) => handled.push({ request, response }))
    const { session } = served
    const [left, kept] = [session.request({ ':method': 'HEAD' }), session.request({ ':method': 'HEAD' })]
    for (const stream of [left, kept]) stream.on('error', () => {}).end()
    await until(() => handled.length === 2)
    const [gone, answered] = handled.map(({ request, response }) => signalFrom(request, response))
    const closed = once(kept.resume(), 'close')
    left.close(8)
    handled[1]?.response.writeHead(200)
    await until(() => gone?.aborted === true)
    await closed
    await turns()
    expect(answered?.aborted).toBe(false)
  })
})

describe('on a web server', () => {
  it("follows the request's signal with a reason of its own", () => {
    const controller = new AbortController()
    const request = new Request('http://localhost/', { method: 'POST', body: '{}', signal: controller.signal })
    const signal = signalFrom(request)
    const cause = new Error('socket closed')
    controller.abort(cause)
    expect(signal.reason).toMatchObject({ code: 'CLIENT_GONE', cause })
  })

  it('has a reason where the runtime gives none', () => {
    const source = Object.assign(new EventTarget(), { aborted: false, reason: undefined })
    const request = { method: 'POST', headers: new Headers(), signal: source }
    const signal = signalFrom({ req: { raw: request } })
    source.dispatchEvent(new Event('abort'))
    expect(signal.reason).toMatchObject({ name: 'AbortError', code: 'CLIENT_GONE' })
  })

  it('asks a request for no other one', () => {
    class EdgeRequest extends Request {
      get request(): never {
        throw new Error('the old signature')
      }
    }
    expect(signalFrom(new EdgeRequest('http://localhost/')).aborted).toBe(false)
  })

  it('is aborted at once when the request already is', () => {
    const request = new Request('http://localhost/', { signal: AbortSignal.abort() })
    expect(signalFrom(request).aborted).toBe(true)
  })
})

it('hears of a client that leaves when nobody holds the Request any more', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const client = new AbortController()
  const signal = signalFrom(new Request('http://local/', { signal: client.signal }))
  for (let turn = 0; turn < 3; turn++) {
    await turns()
    collect()
  }
  client.abort()
  expect(signal.aborted).toBe(true)
})
