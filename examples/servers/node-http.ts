// Plain node:http: one endpoint that answers at once, one that streams.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { complete, openai, stream } from 'punctual'
import { relay, signalFrom, toProblem } from 'punctual/server'

export const server = createServer(async (request, response) => {
  const signal = signalFrom(request, response)
  try {
    const question = {
      model: openai('gpt-5-mini'),
      messages: [{ role: 'user', content: promptOf(await text(request)) }],
    } as const
    if (request.url === '/chat/stream') return await relay(stream(question, { signal }), response)
    const answer = await complete(question, { signal, timeout: 25_000 })
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ text: answer.text }))
  } catch (error) {
    const { status, headers, body } = toProblem(error)
    response.writeHead(status, headers).end(JSON.stringify(body))
  }
})

/** What is asked, or the caller's mistake in the form of http-errors, with whose status toProblem answers. */
function promptOf(json: string): string {
  try {
    const { prompt } = JSON.parse(json) as { prompt?: unknown }
    if (typeof prompt === 'string') return prompt
  } catch {
    // Said below.
  }
  throw Object.assign(new Error('The body must be { "prompt": "…" }'), { statusCode: 400, expose: true })
}

if (process.argv[1] === import.meta.filename) server.listen(3000)
