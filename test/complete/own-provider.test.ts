import { runInNewContext } from 'node:vm'
import { CompletionError, isCompletionError, type Provider } from 'punctual'
import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, observer, responding, scriptedFetch } from '../support/call.ts'
import { ANSWER, chat } from '../support/chat.ts'
import { testClock } from '../support/test-clock.ts'

const good = responding(chat())

function own(over: Partial<Provider>): { id: string; provider: Provider } {
  return {
    id: 'm',
    provider: {
      name: 'own',
      prepare: () => ({ url: 'http://local/ask', headers: { 'x-own': '1' }, body: '{}' }),
      parse: () => ({
        kind: 'answer',
        answer: { text: ANSWER, toolCalls: [], finishReason: 'stop' },
      }),
      ...over,
    },
  }
}

test('a provider of the user needs two functions', async () => {
  const fetch = scriptedFetch(good)
  const completion = await clientOf('http://local', { fetch }).complete({ ...asked, model: own({}) })
  expect(completion).toMatchObject({ text: ANSWER, provider: 'own', model: 'm' })
  expect(new Headers(fetch.requests[0]?.headers).get('x-own')).toBe('1')
})

test.each<[string, Partial<Provider>]>([
  ['reads nothing', { parse: () => undefined as never }],
  ['reads another kind', { parse: () => ({ kind: 'other' }) as never }],
  ['forgets half of its answer', { parse: () => ({ kind: 'answer', answer: { text: '' } }) as never }],
])('a provider that %s fails the call at once', async (_what, over) => {
  const seen = observer()
  const client = clientOf('http://local', { fetch: scriptedFetch(good), onEvent: seen.onEvent })
  const error = await failureOf(client.complete({ ...asked, model: own(over) }, { timeout: 2_000 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: false, stopReason: 'not_retryable' })
  expect(error.cause).toBeInstanceOf(TypeError)
  expect(seen.types()).toEqual(['attempt.start', 'attempt.end', 'failure'])
})

test('a classify that throws leaves it to the rules', async () => {
  const classify = (): never => {
    throw new Error('broken')
  }
  const fetch = scriptedFetch(responding('', 503), good)
  const client = clientOf('http://local', { fetch })
  expect((await client.complete({ ...asked, model: own({ classify }) })).attempts).toHaveLength(2)
})

test('a classify decides before the rules', async () => {
  const fetch = scriptedFetch(responding('', 503))
  const classify = () => ({ code: 'quota_exceeded', retryable: false }) as const
  const error = await failureOf(clientOf('http://local', { fetch }).complete({ ...asked, model: own({ classify }) }))
  expect([error.code, fetch.requests.length]).toEqual(['quota_exceeded', 1])
})

test.each<[string, NonNullable<Provider['authorize']>]>([
  ['a line break', () => ({ 'x-signature': 'a\r\nb' })],
  ['a number', () => ({ 'x-signature': 5 as unknown as string })],
  ['a string', () => 'signature' as never],
])('an authorize that gives %s sends nothing', async (_what, authorize) => {
  const fetch = scriptedFetch(good)
  const error = await failureOf(clientOf('http://local', { fetch }).complete({ ...asked, model: own({ authorize }) }))
  expect(error).toMatchObject({ code: 'authentication', sent: false, retryable: false })
  expect(fetch.requests).toHaveLength(0)
})

test('an authorize that passes a copy of its context on passes the signal on', async () => {
  const inner: NonNullable<Provider['authorize']> = (_request, { signal, apiKey }) => {
    expect(signal).toBeInstanceOf(AbortSignal)
    return { authorization: `Bearer ${apiKey}` }
  }
  const authorize: Provider['authorize'] = (request, context) => inner(request, { ...context, apiKey: 'inner' })
  const fetch = scriptedFetch(good)
  await clientOf('http://local', { fetch }).complete({ ...asked, model: own({ authorize }) })
  expect(new Headers(fetch.requests[0]?.headers).get('authorization')).toBe('Bearer inner')
})

test('what authorize changes in an object of its own is sent as it is then', async () => {
  const kept = { 'x-signature': 'one' }
  const client = clientOf('http://local')
  const signatures: (string | null)[] = []
  for (const signature of ['one', 'two', 'a\r\nb']) {
    kept['x-signature'] = signature
    const fetch = scriptedFetch(good)
    await client.complete({ ...asked, model: own({ authorize: () => kept }) }, { fetch }).catch(() => undefined)
    signatures.push(fetch.requests[0] ? new Headers(fetch.requests[0].headers).get('x-signature') : null)
  }
  expect(signatures).toEqual(['one', 'two', null])
})

test('what authorize gives is signed anew at every attempt', async () => {
  const fetch = scriptedFetch(responding('', 503), good)
  let count = 0
  const authorize = async (): Promise<Record<string, string>> => ({ 'X-Signature': `signature-${++count}` })
  await clientOf('http://local', { fetch }).complete({ ...asked, model: own({ authorize }) })
  const sent = fetch.requests.map(({ headers }) => new Headers(headers).get('x-signature'))
  expect(sent).toEqual(['signature-1', 'signature-2'])
})

test('a prepare that cannot express the request ends the call', async () => {
  const fetch = scriptedFetch(good)
  const prepare = (): never => {
    throw new TypeError('own: request.seed is not supported')
  }
  const call = clientOf('http://local', { fetch }).complete({ ...asked, model: own({ prepare }) })
  await expect(call).rejects.toThrow('request.seed')
  expect(fetch.requests).toHaveLength(0)
})

test('a prepare that gives no URL is a mistake that names it', async () => {
  const prepare = (): never => ({ url: '/ask', headers: {}, body: '' }) as never
  const call = clientOf('http://local', { fetch: scriptedFetch(good) }).complete({ ...asked, model: own({ prepare }) })
  await expect(call).rejects.toThrow(new TypeError('the url of prepare() must be an absolute URL, got "/ask"'))
})

const tooLong = (): never => {
  throw new CompletionError({ code: 'context_length', message: 'context_length: own: it cannot fit' })
}
const REFUSED = { code: 'context_length', stopReason: 'not_retryable', provider: 'own', model: 'm', sent: false }

test('a CompletionError of prepare is a finished failure', async () => {
  const seen = observer()
  const clock = testClock()
  const client = clientOf('http://local', { clock, fetch: scriptedFetch(good), onEvent: seen.onEvent })
  const error = await failureOf(client.complete({ ...asked, model: own({ prepare: tooLong }) }))
  expect(error).toMatchObject({ ...REFUSED, attempts: [], retryable: false })
  expect(seen.events).toMatchObject([{ type: 'failure', callId: error.callId, error }])
  expect(error.duration).toBe(0)
})

test('a CompletionError of prepare reaches whoever reads the stream', async () => {
  const streamReader = () => () => []
  const client = clientOf('http://local', { fetch: scriptedFetch(good) })
  const stream = client.stream({ ...asked, model: own({ prepare: tooLong, streamReader }) })
  const error: unknown = await stream[Symbol.asyncIterator]()
    .next()
    .catch((thrown: unknown) => thrown)
  expect(isCompletionError(error) && error).toMatchObject(REFUSED)
})

test('one name in any case is one header', async () => {
  const fetch = scriptedFetch(good)
  const prepare = () => ({ url: 'http://local/ask', headers: { 'X-Own': '1', Accept: 'a', 'X-Gone': '1' }, body: '{}' })
  const headers = { ACCEPT: 'b', 'x-gone': null }
  await clientOf('http://local', { fetch }).complete({ ...asked, model: own({ prepare }) }, { headers })
  expect(fetch.requests[0]?.headers).toEqual({ 'content-type': 'application/json', 'x-own': '1', accept: 'b' })
})

test.each<[string, NonNullable<Provider['streamReader']>]>([
  ['cannot be opened', () => broken()],
  ['cannot read', () => () => broken()],
])('a stream reader that %s fails the call', async (_what, streamReader) => {
  for (const wire of ['stream', 'json'] as const) {
    const client = clientOf('http://local', { fetch: scriptedFetch(responding('data: {}\n\n')), timeout: 2_000, wire })
    const request = { ...asked, model: own({ streamReader }) }
    const error = await failureOf(wire === 'stream' ? client.complete(request) : client.stream(request).completion)
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false, stopReason: 'not_retryable' })
    expect(error.cause).toMatchObject({ message: 'broken' })
  }
})

function broken(): never {
  throw new Error('broken')
}

test('a provider classifies no more of a body than is shown', async () => {
  const lengths: number[] = []
  const classify = ({ body }: { body: string }) => void lengths.push(body.length)
  const fetch = scriptedFetch(responding('x'.repeat(1_000_000), 400))
  const asking = { ...asked, model: own({ classify }) }
  await failureOf(clientOf('http://local', { fetch }).complete(asking, { retry: 0 }))
  expect(lengths).toEqual([65_536])
})

test('a thenable of another realm is waited for', async () => {
  const fetch = scriptedFetch(good)
  const authorize = () => runInNewContext('(async () => ({ "x-foreign": "1" }))()') as Promise<Record<string, string>>
  await clientOf('http://local', { fetch }).complete({ ...asked, model: own({ authorize }) })
  expect(new Headers(fetch.requests[0]?.headers).get('x-foreign')).toBe('1')
})
