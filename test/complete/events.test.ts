import type { CallEvent } from 'punctual'
import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, observer, responding, scriptedFetch } from '../support/call.ts'
import { chat, failure } from '../support/chat.ts'
import { testClock } from '../support/test-clock.ts'

const down = responding(failure('down', 'server_error'), 500, { 'x-request-id': 'req_1' })
const good = responding(chat())

test('a call tells its life in order', async () => {
  const clock = testClock()
  const seen = observer()
  const fetch = scriptedFetch(down, good)
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none' }, onEvent: seen.onEvent })
  const call = client.complete(asked)
  await clock.advance(500)
  const completion = await call
  expect(seen.events).toMatchObject([
    { type: 'attempt.start', attempt: 0, at: Date.UTC(2026, 0, 1) },
    { type: 'attempt.end', attempt: { index: 0, outcome: 'error', status: 500, requestId: 'req_1' } },
    { type: 'retry', attempt: 1, delay: 500, delayFrom: 'backoff', error: { code: 'server_error' } },
    { type: 'attempt.start', attempt: 1, at: Date.UTC(2026, 0, 1) + 500 },
    { type: 'attempt.end', attempt: { index: 1, outcome: 'ok', startOffset: 500, delayBefore: 500 } },
    { type: 'success', duration: 500, finishReason: 'stop', usage: { totalTokens: 16 } },
  ])
  for (const event of seen.events) {
    expect(event).toMatchObject({ callId: completion.callId, provider: 'local', model: 'm', metadata: {} })
  }
})

test('a failure is told last, with the error thrown', async () => {
  const seen = observer()
  const client = clientOf('http://local', { fetch: scriptedFetch(down), retry: 1, onEvent: seen.onEvent })
  const error = await failureOf(client.complete(asked))
  expect(seen.types()).toEqual(['attempt.start', 'attempt.end', 'retry', 'attempt.start', 'attempt.end', 'failure'])
  expect(seen.events.at(-1)).toMatchObject({ error, attempts: error.attempts, duration: error.duration })
})

test('what an event has told is not changed afterwards', async () => {
  const told: [unknown, string][] = []
  const client = clientOf('http://local', {
    fetch: scriptedFetch(down),
    onEvent: (event) => void told.push([event, JSON.stringify(event)]),
    retry: { shouldRetry: (_error, context) => void told.push([context.attempts, JSON.stringify(context.attempts)]) },
  })
  await failureOf(client.complete(asked))
  expect(told.length).toBeGreaterThan(9)
  for (const [event, then] of told) expect(JSON.stringify(event)).toBe(then)
})

test('an observer that throws harms nothing', async () => {
  const seen = observer()
  const client = clientOf('http://local', {
    fetch: scriptedFetch(down, good),
    onEvent() {
      throw new Error('observer')
    },
  })
  const completion = await client.complete(asked, { onEvent: seen.onEvent })
  expect(completion.attempts).toHaveLength(2)
  expect(seen.types()).toHaveLength(6)
})

test('an async observer that rejects harms nothing', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  const rejecting: () => unknown = () => Promise.reject(new Error('observer'))
  const client = clientOf('http://local', {
    fetch: scriptedFetch(good),
    onEvent: rejecting,
  })
  await client.complete(asked)
  await new Promise((resolve) => setTimeout(resolve, 5))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

test('shouldRetry overrides the classification both ways', async () => {
  const never = scriptedFetch(down)
  const refusing = clientOf('http://local', { fetch: never, retry: { shouldRetry: () => false } })
  expect(await failureOf(refusing.complete(asked))).toMatchObject({ retryable: true, stopReason: 'not_retryable' })
  expect(never.requests).toHaveLength(1)
  const bad = scriptedFetch(responding('', 400), good)
  const insisting = clientOf('http://local', { fetch: bad, retry: { shouldRetry: async () => true } })
  expect((await insisting.complete(asked)).attempts).toHaveLength(2)
})

test('shouldRetry never overrides the count', async () => {
  const fetch = scriptedFetch(responding('', 400))
  const error = await failureOf(
    clientOf('http://local', { fetch, retry: { maxRetries: 1, shouldRetry: () => true } }).complete(asked),
  )
  expect(fetch.requests).toHaveLength(2)
  expect(error.attempts).toHaveLength(2)
})

test('shouldRetry is told where the call stands', async () => {
  const clock = testClock()
  const contexts: unknown[] = []
  const client = clientOf('http://local', {
    clock,
    fetch: scriptedFetch(down),
    retry: { jitter: 'none', maxRetries: 1, shouldRetry: (_error, context) => void contexts.push(context) },
  })
  const failed = failureOf(client.complete(asked, { timeout: 60_000 }))
  await clock.advance(500)
  await failed
  expect(contexts).toMatchObject([
    { attempt: 0, attempts: [{ index: 0 }], delay: 500, remaining: 60_000, retryable: true },
  ])
})

test('what shouldRetry throws ends the call with it', async () => {
  const mistake = new RangeError('mine')
  const client = clientOf('http://local', {
    fetch: scriptedFetch(down),
    retry: {
      shouldRetry() {
        throw mistake
      },
    },
  })
  await expect(client.complete(asked)).rejects.toBe(mistake)
})

test.each([{ delay: -1 }, { delay: Number.NaN }, { delay: '5' }])('shouldRetry may not answer %j', async (decision) => {
  const client = clientOf('http://local', {
    fetch: scriptedFetch(down),
    retry: { shouldRetry: () => decision as never },
  })
  await expect(client.complete(asked)).rejects.toThrow(/retry\.shouldRetry/)
})

test('a shouldRetry that throws ends the call for its observers too', async () => {
  const seen = observer()
  const thrown = new Error('a bug')
  const shouldRetry = (): never => {
    throw thrown
  }
  const client = clientOf('http://local', { fetch: scriptedFetch(down), retry: { shouldRetry }, onEvent: seen.onEvent })
  await expect(client.complete(asked)).rejects.toBe(thrown)
  expect(seen.events.at(-1)).toMatchObject({ type: 'failure', error: { code: 'server_error' } })
})

test('nobody can write into the metadata of other calls', async () => {
  const client = clientOf('http://local', { fetch: scriptedFetch(good) })
  const { metadata } = await client.complete(asked)
  expect(() => Object.assign(metadata, { mine: 1 })).toThrow(TypeError)
})

test('an observer that aborts at the start of an attempt prevents its request', async () => {
  const controller = new AbortController()
  const fetch = scriptedFetch(responding(chat()))
  const onEvent = ({ type }: CallEvent): void => {
    if (type === 'attempt.start') controller.abort()
  }
  const error = await failureOf(
    clientOf('http://local', { fetch, onEvent }).complete(asked, { signal: controller.signal }),
  )
  expect(error).toMatchObject({ code: 'aborted', sent: false, attempts: [{ outcome: 'cancelled' }] })
  expect(fetch.requests).toHaveLength(0)
})

test('an observer is told of pings, and shouldRetry may ask for no wait', async () => {
  const seen = observer()
  const body = `: ping\n\ndata: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop' }] })}\n\n`
  const events = responding(`${body}data: [DONE]\n\n`, 200, { 'content-type': 'text/event-stream' })
  const retry = { shouldRetry: () => ({ delay: 0 }) }
  const client = clientOf('http://local', { fetch: scriptedFetch(down, events), retry, onEvent: seen.onEvent })
  const { attempts } = await client.complete(asked, { wire: 'stream' })
  expect(attempts[1]).toMatchObject({ delayBefore: 0, delayFrom: null })
  expect(seen.events.filter(({ type }) => type === 'ping')).toMatchObject([{ type: 'ping', attempt: 1 }])
})
