import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeEndpoint, type Serving } from './endpoint.ts'

async function listening(server: Server): Promise<Serving> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

describeEndpoint('node:http', async () => listening((await import('../../examples/servers/node-http.ts')).server))

describeEndpoint('Express', async () => {
  const { app } = await import('../../examples/servers/express.ts')
  return listening(createServer(app))
})

describeEndpoint('Fastify', async () => {
  const { app } = await import('../../examples/servers/fastify.ts')
  await app.listen({ port: 0, host: '127.0.0.1' })
  return listening(app.server)
})

describeEndpoint('Koa', async () => {
  const { app } = await import('../../examples/servers/koa.ts')
  return listening(app.listen(0, '127.0.0.1'))
})

describeEndpoint('Hono', async () => {
  const { app } = await import('../../examples/servers/hono.ts')
  return listening(await served(app.fetch))
})

describeEndpoint('NestJS', async () => {
  const { createApp } = await import('../../examples/servers/nestjs.ts')
  const app = await createApp()
  await app.listen(0, '127.0.0.1')
  return listening(app.getHttpServer() as Server)
})

// A route handler is a function from a Request to a Response: served here from source; nextjs.test.ts has Next.js build and run it.
describeEndpoint('a Next.js route handler', async () => {
  const { POST } = await import('../../examples/servers/nextjs-route.ts')
  return listening(await served(POST))
})

async function served(handler: (request: Request) => Response | Promise<Response>): Promise<Server> {
  const { serve } = await import('@hono/node-server')
  return serve({ fetch: handler, port: 0, hostname: '127.0.0.1' }) as Server
}
