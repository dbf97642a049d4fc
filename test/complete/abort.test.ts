import { describe, expect, test, vi } from 'vitest'
import { blackHole } from '../support/black-hole.ts'
import {
  asked,
  clientOf,
  countingSignal,
  deaf,
  failureOf,
  observer,
  responding,
  scriptedFetch,
  silence,
} from '../support/call.ts'
import { answering, chat, failure } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock, turns } from '../support/test-clock.ts'

const REASON = new Error('the user left')
const ABORTED = { code: 'aborted', name: 'AbortError', retryable: false, stopReason: 'aborted', cause: REASON }
const down = responding(failure('down', 'server_error'), 500)

test('an aborted signal makes no request', async () => {
  await using server = await faultServer(answering)
  const controller = new AbortController()
  controller.abort(REASON)
  const long = countingSignal()
  const client = clientOf(server.origin, { signal: long.signal })
  const error = await failureOf(client.complete(asked, { signal: controller.signal }))
  expect(error).toMatchObject({ ...ABORTED, sent: false, attempts: [] })
  expect([server.connections.length, long.listeners()]).toEqual([0, 0])
})

test.each<[string, (exchange: FaultExchange) => unknown]>([
  ['waiting for headers', () => {}],
  [
    'reading the body',
    (exchange) => {
      exchange.head({ contentLength: 100 })
      exchange.write('{"choices":[{"message":{"content":"Par')
    },
  ],
  ['reading an error', (exchange) => exchange.head({ status: 500, contentLength: 100 })],
])('an abort while %s ends the exchange', async (what, script) => {
  await using server = await faultServer(script)
  const controller = countingSignal()
  const failed = failureOf(clientOf(server.origin).complete(asked, { signal: controller.signal }))
  await until(() => server.requests.length === 1)
  // What was written has to arrive, which nothing tells.
  await new Promise((resolve) => setTimeout(resolve, 50))
  controller.abort(REASON)
  const error = await failed
  expect(error).toMatchObject({
    ...ABORTED,
    sent: true,
    attempts: [{ outcome: 'cancelled', error: { code: 'aborted' } }],
  })
  expect(error.partial?.text).toBe(what === 'reading the body' ? 'Par' : undefined)
  expect(controller.listeners()).toBe(0)
  await until(() => server.open() === 0)
})

test('an abort while connecting gives the connection up', async () => {
  await using hole = await blackHole()
  const controller = countingSignal()
  const failed = failureOf(clientOf(`http://127.0.0.1:${hole.port}`).complete(asked, { signal: controller.signal }))
  await turns(20)
  controller.abort(REASON)
  expect(await failed).toMatchObject({ ...ABORTED, sent: false })
  expect(controller.listeners()).toBe(0)
})

test('an abort while backing off ends the wait', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(down)
  const controller = countingSignal()
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none' } })
  const failed = failureOf(client.complete(asked, { signal: controller.signal }))
  await clock.advance(100)
  controller.abort(REASON)
  const error = await failed
  expect(error).toMatchObject({ ...ABORTED, duration: 100, status: 500, sent: true })
  expect(error.attempts).toMatchObject([{ outcome: 'error' }])
  expect([fetch.requests.length, clock.pending, controller.listeners()]).toEqual([1, 0, 0])
})

test('an abort while a key is asked for ends the call', async () => {
  const clock = testClock()
  const controller = countingSignal()
  let heard: unknown
  const apiKey = ({ signal }: { signal: AbortSignal }): Promise<string> =>
    new Promise(() => signal.addEventListener('abort', () => (heard = signal.reason)))
  const fetch = scriptedFetch(responding(chat()))
  const failed = failureOf(
    clientOf('http://local', { clock, fetch }).complete(asked, { signal: controller.signal, apiKey }),
  )
  await clock.advance(10)
  controller.abort(REASON)
  expect(await failed).toMatchObject({ ...ABORTED, sent: false })
  expect(heard).toMatchObject({ code: 'aborted' })
  expect([fetch.requests.length, clock.pending, controller.listeners()]).toEqual([0, 0, 0])
})

test('an abort while shouldRetry thinks ends the call', async () => {
  const clock = testClock()
  const controller = countingSignal()
  const fetch = scriptedFetch(down)
  const client = clientOf('http://local', { clock, fetch, retry: { shouldRetry: () => new Promise(() => {}) } })
  const failed = failureOf(client.complete(asked, { signal: controller.signal }))
  await clock.advance(10)
  controller.abort(REASON)
  expect(await failed).toMatchObject({ ...ABORTED, status: 500 })
  expect([fetch.requests.length, clock.pending, controller.listeners()]).toEqual([1, 0, 0])
})

test('the total ends a shouldRetry that never answers', async () => {
  const clock = testClock()
  const client = clientOf('http://local', {
    clock,
    fetch: scriptedFetch(down),
    retry: { shouldRetry: () => new Promise(() => {}) },
  })
  const failed = failureOf(client.complete(asked, { timeout: 500 }))
  await clock.advance(500)
  expect(await failed).toMatchObject({ code: 'timeout', phase: 'total', status: 500, stopReason: 'deadline' })
})

describe('an observer that aborts', () => {
  test.each([
    ['attempt.start', 0, silence],
    ['attempt.end', 1, down],
    ['retry', 1, down],
  ] as const)('on %s ends the call there', async (type, requests, script) => {
    const clock = testClock()
    const controller = countingSignal()
    const fetch = scriptedFetch(script)
    const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none' }, timeout: { attempt: 5_000 } })
    const seen = observer()
    const call = client.complete(asked, {
      signal: controller.signal,
      onEvent(event) {
        seen.onEvent(event)
        if (event.type === type) controller.abort(REASON)
      },
    })
    expect(await failureOf(call)).toMatchObject({ ...ABORTED, duration: 0 })
    expect([fetch.requests.length, clock.pending, controller.listeners()]).toEqual([requests, 0, 0])
    expect(seen.types().at(-1)).toBe('failure')
  })

  test('on the end of a good attempt still gets the answer', async () => {
    const controller = new AbortController()
    const client = clientOf('http://local', { fetch: scriptedFetch(responding(chat())) })
    const onEvent = ({ type }: { type: string }): void => void (type === 'attempt.end' && controller.abort(REASON))
    expect((await client.complete(asked, { signal: controller.signal, onEvent })).finishReason).toBe('stop')
  })
})

test('a shouldRetry that aborts ends the call', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const fetch = scriptedFetch(down)
  const shouldRetry = (): true => {
    controller.abort(REASON)
    return true
  }
  const client = clientOf('http://local', { clock, fetch, retry: { shouldRetry } })
  expect(await failureOf(client.complete(asked, { signal: controller.signal }))).toMatchObject(ABORTED)
  expect(fetch.requests).toHaveLength(1)
})

test.each([undefined, null, 'a string', 0, { name: 'odd' }])('the reason %j is kept as it is', async (reason) => {
  const controller = new AbortController()
  const failed = failureOf(
    clientOf('http://local', { fetch: scriptedFetch(silence) }).complete(asked, { signal: controller.signal }),
  )
  controller.abort(reason)
  const error = await failed
  expect(error.code).toBe('aborted')
  expect(error.cause).toBe(controller.signal.reason)
})

test("a signal's own timeout is a timeout of the signal", async () => {
  const failed = failureOf(
    clientOf('http://local', { fetch: scriptedFetch(silence) }).complete(asked, { signal: AbortSignal.timeout(10) }),
  )
  const error = await failed
  expect(error).toMatchObject({ code: 'timeout', phase: 'signal', name: 'TimeoutError', stopReason: 'aborted' })
  expect(error.retryable).toBe(false)
  expect(error.cause).toMatchObject({ name: 'TimeoutError' })
})

test.each([0, 1, 2])('every signal is heard, the one of layer %i too', async (layer) => {
  const all = [countingSignal(), countingSignal(), countingSignal()] as const
  const client = clientOf('http://local', { fetch: scriptedFetch(silence), signal: all[0].signal })
  const failed = failureOf(client.with({ signal: all[1].signal }).complete(asked, { signal: all[2].signal }))
  await turns()
  expect(all.map((one) => one.listeners())).toEqual([1, 1, 1])
  all[layer]?.abort(REASON)
  expect(await failed).toMatchObject(ABORTED)
  expect(all.map((one) => one.listeners())).toEqual([0, 0, 0])
})

test('a late failure of what was left alone goes nowhere', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const controller = new AbortController()
  let refuse: (error: Error) => void = () => {}
  const late = (): Promise<never> => new Promise((_resolve, reject) => (refuse = reject))
  const failed = failureOf(
    clientOf('http://local', { fetch: scriptedFetch(late) }).complete(asked, { signal: controller.signal }),
  )
  await turns()
  controller.abort(REASON)
  await failed
  refuse(new Error('too late'))
  const second = failureOf(clientOf('http://local').complete(asked, { apiKey: late, signal: controller.signal }))
  await second
  refuse(new Error('too late again'))
  await turns(5)
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

// An abort may come between two things that can be interrupted, however many microtasks lie there.
test.each(Array.from({ length: 10 }, (_, hops) => hops))(
  'an abort %i microtasks after a failure is heard',
  async (hops) => {
    const controller = new AbortController()
    const clock = testClock()
    const client = clientOf('http://local', {
      clock,
      fetch: scriptedFetch(responding(failure('down', 'server_error'), 500)),
    })
    const error = await failureOf(
      client.complete(asked, {
        signal: controller.signal,
        retry: { shouldRetry: () => new Promise(() => {}) },
        onEvent({ type }) {
          if (type === 'attempt.end') afterMicrotasks(hops, () => controller.abort())
        },
      }),
    )
    expect(error.code).toBe('aborted')
    expect(clock.pending).toBe(0)
  },
)

test.each(Array.from({ length: 10 }, (_, hops) => hops))(
  'an abort %i microtasks after a wait is heard',
  async (hops) => {
    const controller = new AbortController()
    const clock = testClock()
    const waiting = {
      ...clock,
      setTimeout: (callback: () => void, milliseconds: number) =>
        clock.setTimeout(() => {
          callback()
          if (milliseconds === 500) afterMicrotasks(hops, () => controller.abort(REASON))
        }, milliseconds),
    }
    const retry = { baseDelay: 500, jitter: 'none' } as const
    const client = clientOf('http://local', { clock: waiting, fetch: scriptedFetch(down, deaf), retry })
    const error = client.complete(asked, { signal: controller.signal }).catch((thrown: unknown) => thrown)
    await clock.advance(500)
    expect(clock.pending).toBe(0)
    expect(await error).toMatchObject(ABORTED)
  },
)

function afterMicrotasks(count: number, run: () => void): void {
  if (count === 0) run()
  else queueMicrotask(() => afterMicrotasks(count - 1, run))
}

test('attempts without a wait between them hear an abort', async () => {
  const controller = new AbortController()
  let requests = 0
  const fetch = (): Promise<Response> => {
    requests++
    return Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }))
  }
  const retry = { maxRetries: Infinity, baseDelay: 0 }
  const call = failureOf(
    clientOf('http://local', { fetch, retry, timeout: 5_000 }).complete(asked, { signal: controller.signal }),
  )
  setImmediate(() => setImmediate(() => controller.abort()))
  expect(await call).toMatchObject({ code: 'aborted' })
  expect(requests).toBeGreaterThan(0)
})
