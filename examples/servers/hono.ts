// Hono, on any runtime: nothing here is Node's own but the last lines.
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { complete, openai, stream } from 'punctual'
import { problemResponse, relayResponse, withRequest } from 'punctual/server'

const model = openai('gpt-5-mini')
async function messagesOf(context: Context) {
  const { prompt } = await context.req.json<{ prompt?: unknown }>().catch(() => ({ prompt: undefined }))
  if (typeof prompt !== 'string') throw new HTTPException(400, { message: 'The body must be { "prompt": "…" }' })
  return [{ role: 'user' as const, content: prompt }]
}

export const app: Hono = new Hono()
app.use((context, next) => {
  const deadline = context.req.path === '/chat/stream' ? undefined : Date.now() + 25_000
  return withRequest({ request: context.req.raw, deadline }, next)
})

app.post('/chat', async (context) => {
  const { text } = await complete({ model, messages: await messagesOf(context) })
  return context.json({ text })
})

app.post('/chat/stream', async (context) => relayResponse(stream({ model, messages: await messagesOf(context) })))

app.onError((error) => problemResponse(error))

if (process.argv[1] === import.meta.filename) serve({ fetch: app.fetch, port: 3000 })
