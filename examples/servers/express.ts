// Express 5: every call made while a request is handled ends when its client leaves, and two seconds before nginx gives up. That counts
// silence, which a stream breaks with its heartbeats: it has no such deadline.
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import { complete, openai, stream } from 'punctual'
import { deadlineFrom, expressMiddleware, platforms, relay, toProblem } from 'punctual/server'

const model = openai('gpt-5-mini')
function messagesOf(request: Request) {
  const { prompt } = (request.body ?? {}) as { prompt?: unknown }
  if (typeof prompt === 'string') return [{ role: 'user' as const, content: prompt }]
  // The caller's mistake, in the form of http-errors, with whose status toProblem answers.
  throw Object.assign(new Error('The body must be { "prompt": "…" }'), { statusCode: 400, expose: true })
}

export const app: Express = express()
app.use(express.json())
const deadline = ({ path }: Request) =>
  path === '/chat/stream' ? undefined : deadlineFrom(platforms.nginx, { reserve: 2_000 })
app.use(expressMiddleware({ deadline }))

app.post('/chat', async (request, response) => {
  const { text } = await complete({ model, messages: messagesOf(request) })
  response.json({ text })
})

app.post('/chat/stream', async (request, response) => {
  await relay(stream({ model, messages: messagesOf(request) }), response)
})

const problems: ErrorRequestHandler = (error, _request, response, _next) => {
  const { status, headers, body } = toProblem(error)
  response.status(status).set(headers).send(JSON.stringify(body))
}
app.use(problems)

if (process.argv[1] === import.meta.filename) app.listen(3000)
