/*
 * A process of its own: a model that answers when its prompt says so ("after=3000": in three seconds) and can be asked how many
 * connections are busy with it and how many requests it has had.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const ABOUT = { id: 'chatcmpl-1', created: 1, model: 'slow-model' }
const WORDS = ['It', ' takes', ' a', ' while', '.']
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

let requests = 0
let busy = 0

const server = createServer((request, response) => {
  if (request.url === '/stats') return response.end(JSON.stringify({ requests, busy }))
  requests++
  busy++
  response.once('close', () => busy--)
  return void answer(request, response)
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string
  const after = Number(/after=(\d+)/.exec(body)?.[1] ?? 0)
  if (!body.includes('"stream":true')) {
    await wait(after)
    const message = { role: 'assistant', content: WORDS.join('') }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...ABOUT, choices: [{ index: 0, message, finish_reason: 'stop' }] }))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  await wait(after)
  const send = (delta: object, reason: string | null): unknown =>
    response.write(`data: ${JSON.stringify({ ...ABOUT, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`)
  for (const content of WORDS) {
    send({ content }, null)
    await wait(150)
  }
  send({}, 'stop')
  response.end('data: [DONE]\n\n')
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
