// Fastify 5: the hook comes after the body has been parsed, and hears the client leave (request.signal aborts with every POST body).
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { complete, openai, stream } from 'punctual'
import { deadlineFrom, fastifyHook, platforms, relay, toProblem } from 'punctual/server'

const model = openai('gpt-5-mini')
const messagesOf = (request: FastifyRequest) => [
  { role: 'user' as const, content: (request.body as { prompt: string }).prompt },
]

export const app: FastifyInstance = Fastify()
// nginx counts silence, which a stream breaks with its heartbeats.
const deadline = ({ url }: FastifyRequest) =>
  url === '/chat/stream' ? undefined : deadlineFrom(platforms.nginx, { reserve: 2_000 })
app.addHook('preHandler', fastifyHook({ deadline }))

const schema = { body: { type: 'object', required: ['prompt'], properties: { prompt: { type: 'string' } } } }

app.post('/chat', { schema }, async (request) => {
  const { text } = await complete({ model, messages: messagesOf(request) })
  return { text }
})

app.post('/chat/stream', { schema }, (request, reply) => relay(stream({ model, messages: messagesOf(request) }), reply))

app.setErrorHandler((error, _request, reply) => {
  const { status, headers, body } = toProblem(error)
  return reply.status(status).headers(headers).send(JSON.stringify(body))
})

if (process.argv[1] === import.meta.filename) await app.listen({ port: 3000 })
