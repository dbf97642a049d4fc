/* The same endpoint with punctual: it answers before the proxy gives up, and hears its user leave. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { complete, openai, stream as streamed } from 'punctual'
import { deadlineFrom, platforms, relay, toProblem, withRequest } from 'punctual/server'

const model = openai('slow-model')
/** What nginx.ts sets; nginx itself waits for 60 s. */
const proxy = { ...platforms.nginx, limit: Number(process.env['PROXY_LIMIT']) }

export function chat(prompt: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const deadline = deadlineFrom(proxy, { reserve: 200 })
  return withRequest({ request, response, deadline }, async () => {
    try {
      const { text } = await complete({ model, messages: [{ role: 'user', content: prompt }] })
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ text }))
    } catch (error) {
      const { status, headers, body } = toProblem(error)
      response.writeHead(status, headers).end(JSON.stringify(body))
    }
  })
}

/** No deadline from the proxy: with heartbeats it waits as long as the answer takes. */
export function stream(prompt: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  return withRequest({ request, response }, () =>
    relay(streamed({ model, messages: [{ role: 'user', content: prompt }] }), response, {
      heartbeat: proxy.limit / 3,
    }),
  )
}
