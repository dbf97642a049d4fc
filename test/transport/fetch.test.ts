import { describe, expect, test, vi } from 'vitest'
import { openFetchTransports } from '../../src/transport/edge.ts'
import { openFetchTransport } from '../../src/transport/fetch.ts'
import { faultServer } from '../support/fault-server.ts'
import { post, receive, until } from '../support/receive.ts'

type Fetch = typeof globalThis.fetch

const url = new URL('https://model.example/v1')
const DOWN = new Error('no network')
const MISTAKE = expect.any(TypeError) as unknown

describe('a given fetch', () => {
  test('is called with a string and a plain init', async () => {
    const fetch = vi.fn<Fetch>(async () => new Response('{}'))
    await receive(openFetchTransport(fetch), post(url)).done
    const [input, init] = fetch.mock.calls[0] as Parameters<Fetch>
    expect(input).toBe('https://model.example/v1')
    expect(init).toMatchObject({ method: 'POST', body: '{"question":1}', redirect: 'manual' })
    expect(init?.signal).toBeInstanceOf(AbortSignal)
  })

  test.each<[string, () => unknown, unknown]>([
    ['throws', () => raise(DOWN), DOWN],
    ['rejects', () => Promise.reject(DOWN), DOWN],
    ['rejects with a string', () => Promise.reject('no network'), 'no network'],
    ['returns nothing', () => Promise.resolve(undefined), MISTAKE],
    ['returns something else', () => Promise.resolve({ status: '200' }), MISTAKE],
    ['returns an error response', () => Promise.resolve(Response.error()), MISTAKE],
    ['returns a body that was read', async () => read(new Response('{}')), MISTAKE],
    ['returns a body that is being read', async () => locked(new Response('{}')), MISTAKE],
    ['returns a body of strings', () => Promise.resolve(stringsResponse()), MISTAKE],
  ])('that %s is an error', async (_what, fetch, expected) => {
    const received = await receive(openFetchTransport(fetch as Fetch), post(url)).done
    expect(received.order.at(-1)).toBe('error')
    expect(received.error).toEqual(expected)
  })

  test('passes on what it rejects with, as it is', async () => {
    const reason = { odd: true }
    const received = await receive(
      openFetchTransport(() => Promise.reject(reason)),
      post(url),
    ).done
    expect(received.error).toBe(reason)
  })

  test('that hides a redirect yields one', async () => {
    const hidden = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null }
    const received = await receive(
      openFetchTransport(async () => hidden),
      post(url),
    ).done
    expect(received).toMatchObject({ status: 302, order: ['sent', 'headers', 'end'] })
  })

  test('without streams is read whole', async () => {
    const whole = {
      status: 200,
      headers: new Headers(),
      arrayBuffer: async () => new TextEncoder().encode('{}').buffer,
    }
    const received = await receive(
      openFetchTransport(async () => whole),
      post(url),
    ).done
    expect(received).toMatchObject({ text: '{}', order: ['sent', 'headers', 'data', 'end'] })
  })

  test('hears of a cancel with its reason', async () => {
    let signal: AbortSignal | null | undefined
    const received = receive(
      openFetchTransport((_input, init) => {
        signal = init?.signal
        return new Promise(() => {})
      }),
      post(url),
    )
    await received.on('sent')
    received.exchange.cancel('enough')
    await until(() => signal?.reason === 'enough')
    expect(received.order).toEqual(['sent'])
  })

  test('that ignores its signal is left alone, its late answer cancelled', async () => {
    const cancelled = vi.fn()
    let answer = (_response: Response): void => {}
    const received = receive(
      openFetchTransport(() => new Promise((resolve) => (answer = resolve))),
      post(url),
    )
    await received.on('sent')
    received.exchange.cancel('enough')
    await new Promise((resolve) => setImmediate(resolve))
    answer(new Response(new ReadableStream({ cancel: cancelled })))
    await until(() => cancelled.mock.calls.length === 1)
    expect(received.order).toEqual(['sent'])
  })

  test('that ignores its signal while the body stalls has its body cancelled', async () => {
    const cancelled = vi.fn()
    const received = receive(
      openFetchTransport(async () => new Response(new ReadableStream({ cancel: cancelled }))),
      post(url),
    )
    await received.on('headers')
    received.exchange.cancel('enough')
    await until(() => cancelled.mock.calls.length === 1)
    expect(received.order).toEqual(['sent', 'headers'])
  })

  test('whose body is no bytes is let go of', async () => {
    const cancelled = vi.fn()
    let signal: AbortSignal | null | undefined
    const fetch: Fetch = async (_input, init) => {
      signal = init?.signal
      return new Response(new ReadableStream({ start: (body) => body.enqueue('text' as never), cancel: cancelled }))
    }
    await receive(openFetchTransport(fetch), post(url)).done
    expect(cancelled).toHaveBeenCalledOnce()
    expect(signal?.aborted).toBe(true)
  })

  test.each<[string, unknown]>([
    ['gives no promise', () => undefined],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['is not there', undefined],
  ])('whose reader can be cancelled, but its cancel %s, is left all the same', async (_, cancel) => {
    const reader = { read: () => new Promise(() => {}), releaseLock: () => {}, cancel }
    const answer = { status: 200, headers: new Headers(), body: { getReader: () => reader } }
    const received = receive(
      openFetchTransport(async () => answer),
      post(url),
    )
    await received.on('headers')
    expect(() => received.exchange.cancel('enough')).not.toThrow()
    expect(received.order).toEqual(['sent', 'headers'])
  })

  test('that fails after a cancel is heard by nobody', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    let reject = (_reason: unknown): void => {}
    const received = receive(
      openFetchTransport(() => new Promise((_, refuse) => (reject = refuse))),
      post(url),
    )
    await received.on('sent')
    received.exchange.cancel('enough')
    reject(new Error('late'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(received.order).toEqual(['sent'])
  })

  test('is not called where the cancel came first', async () => {
    const fetch = vi.fn<Fetch>()
    receive(openFetchTransport(fetch), post(url)).exchange.cancel('enough')
    await new Promise((resolve) => setImmediate(resolve))
    expect(fetch).not.toHaveBeenCalled()
  })

  test('is not read while the receiver pauses', async () => {
    let pulls = 0
    const body = new ReadableStream({
      pull(stream) {
        if (pulls++ === 20) stream.close()
        else stream.enqueue(new Uint8Array(1_000))
      },
    })
    const received = receive(
      openFetchTransport(async () => new Response(body)),
      post(url),
      {
        onData: () => received.exchange.pause(),
      },
    )
    await received.on('data')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(pulls).toBeLessThan(5)
    received.exchange.cancel('enough')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(received.order).toEqual(['sent', 'headers', 'data'])
  })
})

describe('the global fetch', () => {
  test('is looked up for each exchange', async () => {
    const transport = openFetchTransport('global')
    await using server = await faultServer((exchange) => exchange.json({ real: true }))
    expect((await receive(transport, post(server.url())).done).text).toBe('{"real":true}')
    vi.stubGlobal('fetch', async () => new Response('{"patched":true}'))
    const patched = await receive(transport, post(server.url())).done
    vi.unstubAllGlobals()
    expect(patched.text).toBe('{"patched":true}')
  })
})

describe('transports without undici', () => {
  test('use the global fetch, or the one that is given', () => {
    const transports = openFetchTransports()
    const fetch: Fetch = async () => new Response()
    expect(transports.pick({ proxy: 'env' })).toBe(transports.pick({ proxy: false, fetch: 'global' }))
    expect(transports.pick({ proxy: 'env', fetch })).toBe(transports.pick({ proxy: 'env', fetch }))
    expect(transports.pick({ proxy: 'env', fetch })).not.toBe(transports.pick({ proxy: 'env' }))
  })

  test('refuse what only undici can do, by name', () => {
    const transports = openFetchTransports()
    expect(() => transports.pick({ proxy: 'env', dispatcher: { dispatch: () => true } })).toThrow(/^dispatcher:/)
    expect(() => transports.pick({ proxy: 'http://proxy.example' })).toThrow(/^proxy:/)
  })
})

function raise(error: Error): never {
  throw error
}

async function read(response: Response): Promise<Response> {
  await response.text()
  return response
}

function locked(response: Response): Response {
  response.body?.getReader()
  return response
}

function stringsResponse(): unknown {
  const body = new ReadableStream({
    start(stream) {
      stream.enqueue('text')
    },
  })
  return { status: 200, headers: new Headers(), body, bodyUsed: false }
}
