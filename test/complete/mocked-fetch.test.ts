import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { createClient, openai } from 'punctual'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { asked, failureOf } from '../support/call.ts'
import { ANSWER, chat, failure } from '../support/chat.ts'

const URL = 'https://api.openai.com/v1/chat/completions'
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const client = createClient({ provider: openai({ apiKey: 'k' }), model: 'm', fetch: 'global', random: () => 0 })

test('a user mocks the provider and gets its answer', async () => {
  let body: unknown
  server.use(
    http.post(URL, async ({ request }) => {
      body = await request.json()
      return HttpResponse.json(chat())
    }),
  )
  expect((await client.complete(asked)).text).toBe(ANSWER)
  expect(body).toMatchObject({ model: 'm', messages: asked.messages })
})

test('a user mocks a limit and sees it retried', async () => {
  server.use(
    http.post(URL, () => HttpResponse.json(failure('slow down', 'x'), { status: 429 }), { once: true }),
    http.post(URL, () => HttpResponse.json(chat())),
  )
  expect((await client.complete(asked)).attempts.map(({ status }) => status)).toEqual([429, 200])
})

test('a user mocks a network error', async () => {
  server.use(http.post(URL, () => HttpResponse.error()))
  expect(await failureOf(client.complete(asked))).toMatchObject({ code: 'network', stopReason: 'max_retries' })
})

test('a user mocks a model that never answers', async () => {
  server.use(
    http.post(URL, async () => {
      await delay('infinite')
      return HttpResponse.json(chat())
    }),
  )
  expect(await failureOf(client.complete(asked, { timeout: 80 }))).toMatchObject({ code: 'timeout', phase: 'total' })
})

test('a user mocks an answer that breaks off', async () => {
  server.use(
    http.post(URL, () => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"choices":[{"message":{"content":"Par'))
          controller.close()
        },
      })
      return new HttpResponse(body, { headers: { 'content-type': 'application/json' } })
    }),
  )
  const error = await failureOf(client.complete(asked, { retry: 0 }))
  expect(error).toMatchObject({ code: 'invalid_response', retryable: true })
  expect(error.partial?.text).toBe('Par')
})
