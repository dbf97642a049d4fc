import { serve } from '@hono/node-server'
import { expect, it } from 'vitest'
import { createFetch, unwrapError } from '../../src/fetch.ts'
import { toProblem } from '../../src/server.ts'
import { faultServer } from '../support/fault-server.ts'

it("finds an error by the headers of a Response of Hono's, which it makes anew once the body is read", async () => {
  const plain = Response
  // Serving puts Hono's own Response in place of the host's.
  const serving = serve({ fetch: () => new Response('hi'), port: 0, hostname: '127.0.0.1' })
  await using upstream = await faultServer((exchange) =>
    exchange.json({ error: { message: 'slow down' } }, { status: 429, headers: { 'retry-after': '3' } }),
  )
  const response = await createFetch({ retry: 0 })(upstream.url('/v1/chat/completions'), {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
  })
  const before = response.headers
  await response.text()
  // What is tested is there: otherwise the headers that are known would be found.
  expect([Response === plain, response.headers === before]).toEqual([false, false])
  const thrown = Object.assign(new Error('429'), { status: 429, headers: response.headers })
  expect(unwrapError(thrown)?.code).toBe('rate_limit')
  expect(toProblem(thrown)).toMatchObject({ status: 429, headers: { 'retry-after': '3' } })
  serving.close()
})
