import { gzipSync } from 'node:zlib'
import type { Provider } from 'punctual'
import { expect, test } from 'vitest'
import { asked, clientOf, failureOf, responding, scriptedFetch } from '../support/call.ts'
import * as wire from '../support/chat-stream.ts'
import { faultServer } from '../support/fault-server.ts'
import { testClock } from '../support/test-clock.ts'

// What has arrived is neither lost nor bought again.

const EVENTS = { 'content-type': 'text/event-stream' }
const answering = (...pieces: string[]): typeof fetch => scriptedFetch(responding(pieces.join(''), 200, EVENTS))
const HALF = 'data: {"id":"x","choices":[],"usage":{"prompt_to'

test('a piece of an event behind a finished answer is nothing', async () => {
  const fetch = answering(wire.word('Paris'), wire.finish(), HALF)
  expect((await clientOf('http://local', { fetch }).complete(asked, { wire: 'stream' })).text).toBe('Paris')
})

test('a piece of an event behind an unfinished one is a cut', async () => {
  const fetch = answering(wire.word('Paris'), HALF)
  const error = await failureOf(clientOf('http://local', { fetch, retry: 0 }).complete(asked, { wire: 'stream' }))
  expect(error).toMatchObject({ code: 'invalid_response', partial: { text: 'Paris' } })
  expect(error.message).toContain('cut before its end')
})

test('what a consumer has not asked for is on the error all the same', async () => {
  const controller = new AbortController()
  const fetch = answering(...wire.WORDS.map(wire.word), wire.usage(), wire.finish(), wire.DONE)
  const stream = clientOf('http://local', { fetch }).stream(asked, { signal: controller.signal })
  const events = stream[Symbol.asyncIterator]()
  await events.next()
  controller.abort()
  await expect(stream.completion).rejects.toMatchObject({
    code: 'aborted',
    partial: { text: wire.TEXT, usage: { outputTokens: 3 } },
  })
})

test('what an earlier attempt received is not lost with one that received its usage alone', async () => {
  const broken = responding(wire.word('Paris is') + HALF, 200, EVENTS)
  const empty = responding(wire.usage() + wire.finish() + wire.DONE, 200, EVENTS)
  const fetch = scriptedFetch(broken, empty)
  const error = await failureOf(clientOf('http://local', { fetch, retry: 1 }).complete(asked, { wire: 'stream' }))
  expect(error.attempts).toHaveLength(2)
  expect(error.partial).toMatchObject({ text: 'Paris is', usage: { outputTokens: 3 } })
})

test('the limit of an attempt ends with its last byte, however slowly it is read', async () => {
  const clock = testClock()
  const fetch = answering(...wire.WORDS.map(wire.word), wire.finish(), wire.DONE)
  const stream = clientOf('http://local', { fetch, clock }).stream(asked, { timeout: { attempt: 300 } })
  let text = ''
  for await (const event of stream) {
    if (event.type === 'text') text += event.text
    await clock.advance(200)
  }
  expect(text).toBe(wire.TEXT)
})

test.each(['none', 'utf-8', 'identity'])('a content-encoding of %s is none', async (encoding) => {
  await using server = await faultServer((exchange) =>
    exchange.respond(wire.document(), { headers: { ...EVENTS, 'content-encoding': encoding } }),
  )
  expect((await clientOf(server.origin).complete(asked, { wire: 'stream' })).text).toBe(wire.TEXT)
})

test('a reader that throws loses nothing that it has read', async () => {
  const provider: Provider = {
    name: 'own',
    prepare: () => ({ url: 'http://local/', headers: {}, body: '{}' }),
    parse: () => ({ kind: 'incomplete', problem: 'none' }),
    streamReader:
      () =>
      ({ data }) => {
        if (data === 'bad') throw new Error('broken reader')
        return [{ type: 'text', text: data }]
      },
  }
  const fetch = answering(...['Hello ', 'world', 'bad', 'bad'].map(wire.sse))
  const client = clientOf('http://local', { provider, fetch, retry: 0 })
  const error = await failureOf(client.complete(asked, { wire: 'stream' }))
  expect(error).toMatchObject({ code: 'invalid_response', partial: { text: 'Hello world' } })
})

test('a coding that cannot be undone is refused by its name', async () => {
  await using server = await faultServer((exchange) =>
    exchange.respond(wire.document(), { headers: { ...EVENTS, 'content-encoding': 'snappy' } }),
  )
  const error = await failureOf(clientOf(server.origin).complete(asked, { wire: 'stream' }))
  expect(error.message).toContain('content-encoding')
})

test.each([{ total: 300 }, { firstToken: 300 }])(
  'compressed pings without an end do not outlast %j',
  async (timeout) => {
    const member = gzipSync(Buffer.alloc(2_000_000, ': ping\n\n'))
    await using server = await faultServer(async (exchange) => {
      exchange.head({ headers: { ...EVENTS, 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' } })
      for (;;) {
        if (exchange.connection.closedAt !== undefined) return
        exchange.chunk(member)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
    const error = await failureOf(
      clientOf(server.origin, { retry: 0 }).complete(asked, { wire: 'stream', timeout: { total: 10_000, ...timeout } }),
    )
    expect(error).toMatchObject({ code: 'timeout', phase: Object.keys(timeout)[0] })
  },
)
