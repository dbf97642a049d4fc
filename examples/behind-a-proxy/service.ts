/* A process of its own: the service, with each endpoint twice, and two of its other endpoints. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import * as naive from './naive-endpoint.ts'
import * as punctual from './punctual-endpoint.ts'

const eventLoop = monitorEventLoopDelay({ resolution: 1 })
eventLoop.enable()

const server = createServer((request, response) => {
  route(request, response).catch(() => response.destroy())
})

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/health') return void response.end('ok')
  if (request.url === '/event-loop') {
    response.end(JSON.stringify({ p99: eventLoop.percentile(99) / 1e6 }))
    return eventLoop.reset()
  }
  let prompt = ''
  for await (const chunk of request.setEncoding('utf8')) prompt += chunk as string
  switch (request.url) {
    case '/naive/chat':
      return naive.chat(prompt, response)
    case '/naive/stream':
      return naive.stream(prompt, response)
    case '/punctual/chat':
      return punctual.chat(prompt, request, response)
    case '/punctual/stream':
      return punctual.stream(prompt, request, response)
    default:
      return void response.writeHead(404).end()
  }
}

server.listen(0, '127.0.0.1', 1_024, () => console.log((server.address() as AddressInfo).port))
