// Plain node:http: one endpoint that answers at once, one that streams.
import { createServer, type IncomingMessage } from 'node:http'
import { complete, openai, stream } from 'punctual'
import { relay, signalFrom, toProblem } from 'punctual/server'

export const server = createServer(async (request, response) => {
  const signal = signalFrom(request, response)
  try {
    const question = {
      model: openai('gpt-5-mini'),
      messages: [{ role: 'user', content: await promptOf(request) }],
    } as const
    if (request.url === '/chat/stream') return await relay(stream(question, { signal }), response)
    const { text } = await complete(question, { signal, timeout: 25_000 })
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ text }))
  } catch (error) {
    const { status, headers, body } = toProblem(error)
    response.writeHead(status, headers).end(JSON.stringify(body))
  }
})

async function promptOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string
  return (JSON.parse(body) as { prompt: string }).prompt
}

if (process.argv[1] === import.meta.filename) server.listen(3000)
