// Koa 3, without a body parser of its own.
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
    messages: [{ role: 'user', content: await promptOf(context) }],
  } as const
  if (context.path === '/chat/stream') return relay(stream(question), context)
  const { text } = await complete(question)
  context.body = { text }
})

async function promptOf({ req }: Context): Promise<string> {
  let body = ''
  for await (const chunk of req.setEncoding('utf8')) body += chunk as string
  return (JSON.parse(body) as { prompt: string }).prompt
}

if (process.argv[1] === import.meta.filename) app.listen(3000)
