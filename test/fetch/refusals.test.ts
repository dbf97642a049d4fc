import { unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { answering, chat, failure, steps } from '../support/chat.ts'
import { faultServer } from '../support/fault-server.ts'
import { EVENT_STREAM, event } from '../support/fetched-stream.ts'
import { ask, askStream } from '../support/fetching.ts'

const limited = failure('Slow down', 'rate_limit_error', 'rate_limit_exceeded')

describe('an HTTP error through createFetch', () => {
  it('is retried and then answered', async () => {
    await using server = await faultServer(
      steps((exchange) => exchange.json(limited, { status: 429, headers: { 'retry-after-ms': '1' } }), answering),
    )
    const response = await ask(server)
    expect(await response.json()).toEqual(chat())
    expect(server.requests.length).toBe(2)
  })

  it('is returned as it came when it stays', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json(limited, { status: 429, headers: { 'retry-after-ms': '1', 'x-request-id': 'r9' } }),
    )
    const response = await ask(server)
    expect(response.status).toBe(429)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(response.headers.get('x-request-id')).toBe('r9')
    expect(await response.json()).toEqual(limited)
    expect(server.requests.length).toBe(3)
  })

  it('has no length where its body was cut', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head({ status: 400, contentLength: 300 })
      exchange.write('{"error":')
      exchange.end()
    })
    const response = await ask(server)
    expect(response.headers.get('content-length')).toBeNull()
    expect(await response.text()).toBe('{"error":')
  })

  it('shows nothing of the key that its request id repeats', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json(limited, { status: 400, headers: { 'x-request-id': 'req-sk-test-1234567890' } }),
    )
    const events: unknown[] = []
    const response = await ask(server, { options: { onEvent: (told) => events.push(told) } })
    const error = unwrapError({ headers: response.headers })
    expect([error?.requestId, error?.attempts[0]?.requestId]).toEqual(['req-[redacted]', 'req-[redacted]'])
    expect(JSON.stringify([error, events, response.headers.get('x-punctual-error')])).not.toContain('1234567890')
  })

  it('is returned at once when no retry can help', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json(failure('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'), {
        status: 429,
      }),
    )
    const response = await ask(server)
    expect(response.status).toBe(429)
    expect(unwrapError({ headers: response.headers })?.code).toBe('quota_exceeded')
    expect(server.requests.length).toBe(1)
  })

  it('is returned at once when the server asks for too long a wait', async () => {
    await using server = await faultServer((exchange) =>
      exchange.json(limited, { status: 429, headers: { 'retry-after': '60' } }),
    )
    const response = await ask(server)
    expect(response.status).toBe(429)
    expect(unwrapError(response)?.stopReason).toBe('retry_after')
    expect(server.requests.length).toBe(1)
  })

  it('is returned although its body is cut', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head({ status: 400, contentLength: 100 })
      exchange.write('{"error":')
      exchange.end()
    })
    const response = await ask(server)
    expect(response.status).toBe(400)
    expect(await response.text()).toBe('{"error":')
  })

  it('is returned without a body where it had none', async () => {
    await using server = await faultServer((exchange) => exchange.respond('', { status: 404 }))
    const response = await ask(server)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('')
  })

  it('is returned for a stream, too', async () => {
    await using server = await faultServer((exchange) => exchange.json(limited, { status: 529 }))
    const response = await askStream(server)
    expect(response.status).toBe(529)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(server.requests.length).toBe(3)
  })

  it('is a redirect that nobody follows', async () => {
    await using server = await faultServer((exchange) =>
      exchange.respond('', { status: 307, headers: { location: 'http://elsewhere.test/' } }),
    )
    const response = await ask(server)
    expect(response.status).toBe(307)
    expect(server.requests.length).toBe(1)
  })

  it('yields to a later failure without a response', async () => {
    await using server = await faultServer(
      steps(
        (exchange) => exchange.json(limited, { status: 503, headers: { connection: 'close' } }),
        (exchange) => exchange.reset(),
      ),
    )
    await expect(ask(server)).rejects.toMatchObject({ code: 'network' })
    expect(server.requests.length).toBe(3)
  })

  it('yields to an abort while it waits to try again', async () => {
    const controller = new AbortController()
    await using server = await faultServer((exchange) =>
      exchange.json(limited, { status: 429, headers: { 'retry-after': '2' } }),
    )
    const fetched = ask(server, {
      options: { onEvent: ({ type }) => type === 'retry' && controller.abort() },
      init: { signal: controller.signal },
    })
    await expect(fetched).rejects.toMatchObject({ code: 'aborted', status: 429 })
  })
})

describe('an error under a good status', () => {
  it('is retried unseen', async () => {
    await using server = await faultServer(
      steps((exchange) => exchange.json(failure('Overloaded', 'overloaded_error')), answering),
    )
    const response = await ask(server)
    expect(await response.json()).toEqual(chat())
    expect(server.requests.length).toBe(2)
  })

  it('is returned with the status that it stands for', async () => {
    const body = failure('Overloaded', 'overloaded_error')
    await using server = await faultServer((exchange) => exchange.json(body))
    const response = await ask(server)
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toEqual(body)
    expect(server.requests.length).toBe(3)
  })

  it('is returned so when it is the first event of a stream', async () => {
    const body = failure('Bad key', 'authentication_error', 'invalid_api_key')
    await using server = await faultServer((exchange) => exchange.respond(event(body), EVENT_STREAM))
    const response = await askStream(server)
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual(body)
    expect(server.requests.length).toBe(1)
  })
})
