// Koa 3, without a body parser of its own.
import { text } from 'node:stream/consumers'
import Koa, { type Context } from 'koa'
import { complete, openai, stream } from 'punctual'
import { relay, toProblem, withRequest } from 'punctual/server'

export const app: Koa = new Koa()

app.use(async (context, next) => {
  const deadline = context.path === '/chat/stream' ? undefined : Date.now() + 25_000
  try {
    await withRequest({ request: context.req, response: context.res, deadline }, next)
  } catch (error) {
    const { status, headers, body } = toProblem(error)
    context.status = status
    context.set({ ...headers })
    context.body = JSON.stringify(body)
  }
})

app.use(async (context) => {
  const question = {
    model: openai('gpt-5-mini'),
    messages: [{ role: 'user', content: promptOf(context, await text(context.req)) }],
  } as const
  if (context.path === '/chat/stream') return relay(stream(question), context)
  const answer = await complete(question)
  context.body = { text: answer.text }
})

/** What is asked, or the caller's mistake, with whose status toProblem answers. */
function promptOf(context: Context, json: string): string {
  try {
    const { prompt } = JSON.parse(json) as { prompt?: unknown }
    if (typeof prompt === 'string') return prompt
  } catch {
    // Said below.
  }
  return context.throw(400, 'The body must be { "prompt": "…" }')
}

if (process.argv[1] === import.meta.filename) app.listen(3000)
