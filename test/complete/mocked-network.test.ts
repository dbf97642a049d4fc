import { delay, HttpResponse, http } from 'msw'
import { createClient, openai } from 'punctual'
import { expect, test } from 'vitest'
import { asked, failureOf } from '../support/call.ts'
import { ANSWER, chat, failure } from '../support/chat.ts'
import { mockNetwork } from '../support/network.ts'

const URL = 'https://api.openai.com/v1/chat/completions'
const network = mockNetwork()
const client = createClient({ provider: openai({ apiKey: 'k' }), model: 'm', random: () => 0, proxy: false })

test('the request that undici sends is the one that is meant', async () => {
  let seen: [unknown, string | null] | undefined
  network.use(
    http.post(URL, async ({ request }) => {
      seen = [await request.json(), request.headers.get('authorization')]
      return HttpResponse.json(chat())
    }),
  )
  expect((await client.complete({ ...asked, maxTokens: 5 })).text).toBe(ANSWER)
  expect(seen).toMatchObject([{ model: 'm', messages: asked.messages, max_completion_tokens: 5 }, 'Bearer k'])
})

test('statuses are retried through undici alike', async () => {
  network.use(
    http.post(URL, () => HttpResponse.json(failure('down', 'x'), { status: 503 }), { once: true }),
    http.post(URL, () => HttpResponse.json(chat())),
  )
  expect((await client.complete(asked)).attempts.map(({ status }) => status)).toEqual([503, 200])
})

test('silence through undici meets the total', async () => {
  network.use(
    http.post(URL, async () => {
      await delay('infinite')
      return HttpResponse.json(chat())
    }),
  )
  expect(await failureOf(client.complete(asked, { timeout: 80 }))).toMatchObject({ code: 'timeout', phase: 'total' })
})
