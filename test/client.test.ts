import { complete, createClient, openaiCompatible, setDefaultClient } from 'punctual'
import { expect, test, vi } from 'vitest'
import { asked, clientOf, deaf, failureOf, responding, scriptedFetch } from './support/call.ts'
import { ANSWER, answering, chat } from './support/chat.ts'
import { faultServer } from './support/fault-server.ts'
import { until } from './support/receive.ts'
import { testClock, turns } from './support/test-clock.ts'

const CLOSED = { code: 'aborted', name: 'AbortError', stopReason: 'aborted', retryable: false }

test('close lets a call in flight finish', async () => {
  await using server = await faultServer((exchange) => setTimeout(() => answering(exchange), 50))
  const client = clientOf(server.origin)
  const call = client.complete(asked)
  await until(() => server.requests.length === 1)
  const closed = client.close()
  expect((await call).text).toBe(ANSWER)
  await closed
  await until(() => server.open() === 0)
})

test('close aborts what outlives its grace', async () => {
  const clock = testClock()
  const client = clientOf('http://local', { clock, fetch: scriptedFetch(deaf) })
  const failed = failureOf(client.complete(asked))
  await turns()
  const closed = client.close({ grace: 100 })
  await clock.advance(99)
  expect(clock.pending).toBeGreaterThan(0)
  await clock.advance(1)
  expect(await failed).toMatchObject({ ...CLOSED, duration: 100, sent: true })
  await closed
  expect(clock.pending).toBe(0)
})

test('close with a grace that no timer can hold lets calls finish', async () => {
  await using server = await faultServer((exchange) => setTimeout(() => answering(exchange), 50))
  const client = clientOf(server.origin)
  const call = client.complete(asked)
  await until(() => server.requests.length === 1)
  await client.close({ grace: 2 ** 31 })
  expect((await call).text).toBe(ANSWER)
})

test('close without grace aborts at once', async () => {
  await using server = await faultServer(() => {})
  const client = clientOf(server.origin)
  const failed = failureOf(client.complete(asked))
  await until(() => server.requests.length === 1)
  await client.close({ grace: 0 })
  expect(await failed).toMatchObject(CLOSED)
  await until(() => server.open() === 0)
})

test('close waits for a call that is backing off', async () => {
  const clock = testClock()
  const fetch = scriptedFetch(responding('', 500), responding(chat()))
  const client = clientOf('http://local', { clock, fetch, retry: { jitter: 'none' } })
  const call = client.complete(asked)
  await clock.advance(100)
  const closed = client.close()
  await clock.advance(400)
  expect((await call).attempts).toHaveLength(2)
  await closed
  expect(clock.pending).toBe(0)
})

test('close ends a call that is still backing off', async () => {
  const clock = testClock()
  const client = clientOf('http://local', {
    clock,
    fetch: scriptedFetch(responding('', 500)),
    retry: { jitter: 'none' },
  })
  const failed = failureOf(client.complete(asked))
  await clock.advance(100)
  const closed = client.close({ grace: 100 })
  await clock.advance(100)
  expect(await failed).toMatchObject({ ...CLOSED, duration: 200, status: 500 })
  await closed
  expect(clock.pending).toBe(0)
})

test('close twice is close once', async () => {
  const clock = testClock()
  const client = clientOf('http://local', { clock, fetch: scriptedFetch(deaf) })
  const failed = failureOf(client.complete(asked))
  await turns()
  const both = [client.close(), client.close({ grace: 50 })]
  await clock.advance(50)
  expect(await failed).toMatchObject(CLOSED)
  await Promise.all(both)
  await client.close()
  expect(clock.pending).toBe(0)
})

test('a closed client refuses later calls', async () => {
  const fetch = scriptedFetch(responding(chat()))
  const client = clientOf('http://local', { fetch })
  const derived = client.with({ metadata: { a: 1 } })
  await derived.close()
  for (const one of [client, derived]) {
    expect(await failureOf(one.complete(asked))).toMatchObject({ ...CLOSED, sent: false, attempts: [] })
  }
  expect(fetch.requests).toHaveLength(0)
})

test.each([-1, Number.NaN, '5'])('a grace of %s is a mistake', async (grace) => {
  await expect(clientOf('http://local').close({ grace: grace as number })).rejects.toThrow(/close\.grace/)
})

test('close names an option that it does not know', async () => {
  await expect(clientOf('http://local').close({ graze: 5 } as never)).rejects.toThrow('did you mean grace?')
})

test.each([5, '', {}, null])('a default model of %j is a mistake at once', (model) => {
  expect(() => createClient({ model: model as never })).toThrow(/^defaults\.model must be/)
})

test('with wants its defaults', () => {
  expect(() => clientOf('http://local').with(undefined as never)).toThrow('defaults must be an object')
})

test('await using closes the client', async () => {
  await using server = await faultServer(answering)
  const provider = openaiCompatible({ name: 'own', baseURL: server.origin })
  {
    await using client = createClient({ provider, model: 'm' })
    await client.complete(asked)
    expect(server.open()).toBe(1)
  }
  await until(() => server.open() === 0)
})

test('clients made by with share connections', async () => {
  await using server = await faultServer(answering)
  const client = clientOf(server.origin)
  await client.complete(asked)
  await turns()
  await client.with({ retry: 1 }).complete(asked)
  expect(server.connections).toHaveLength(1)
})

test('nothing is opened before the first call', async () => {
  await using server = await faultServer(answering)
  const client = clientOf(server.origin)
  await turns()
  expect(server.connections).toHaveLength(0)
  await client.close()
})

test('setDefaultClient replaces the client of the bare call', async () => {
  const own = clientOf('http://local', { fetch: scriptedFetch(responding(chat())) })
  const before = setDefaultClient(own)
  try {
    expect((await complete(asked)).provider).toBe('local')
    expect(setDefaultClient(own)).toBe(own)
  } finally {
    expect(setDefaultClient(before)).toBe(own)
  }
})

test('setDefaultClient takes a client only', () => {
  expect(() => setDefaultClient({} as never)).toThrow(TypeError)
})

test('a plain model needs a provider, a Model none', async () => {
  const fetch = scriptedFetch(responding(chat()))
  const client = createClient({ fetch })
  await expect(client.complete({ ...asked, model: 'm' })).rejects.toThrow(/provider/)
  await expect(client.complete(asked)).rejects.toThrow(/request\.model/)
  const model = openaiCompatible({ name: 'own', baseURL: 'http://local' })('n')
  expect((await client.complete({ ...asked, model })).requestedModel).toBe('n')
})

test('without a clock the host time is looked up at each use', async () => {
  const spy = vi.spyOn(Math, 'random').mockReturnValue(0)
  const provider = openaiCompatible({ name: 'own', baseURL: 'http://local' })
  const client = createClient({ provider, model: 'm', fetch: scriptedFetch(responding('', 500), responding(chat())) })
  expect((await client.complete(asked)).attempts).toHaveLength(2)
  expect(spy).toHaveBeenCalled()
  spy.mockRestore()
})

test('closing ends every call that is left, whichever have ended before', async () => {
  const open: ((response: Response) => void)[] = []
  const fetch = () => new Promise<Response>((resolve) => open.push(resolve))
  const client = clientOf('http://local', { fetch })
  const calls = [1, 2, 3].map(() => client.complete(asked).catch((error: unknown) => error))
  await turns()
  open[0]?.(new Response(JSON.stringify(chat())))
  await calls[0]
  await client.close({ grace: 0 })
  const ended: unknown[] = []
  for (const call of calls.slice(1)) void call.then((error) => ended.push(error))
  await turns()
  expect(ended).toMatchObject([{ code: 'aborted' }, { code: 'aborted' }])
})
