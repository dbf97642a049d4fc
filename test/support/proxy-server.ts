import { createServer, request as forward } from 'node:http'
import { connect, type Socket } from 'node:net'
import { listen } from './fault-server.ts'

export interface ProxyServer extends AsyncDisposable {
  readonly origin: string
  /** `CONNECT host:port` or `POST http://…`, as they arrived. */
  readonly seen: readonly string[]
  /** The proxy-authorization of each, undefined where there was none. */
  readonly credentials: readonly (string | undefined)[]
  open(): number
}

export interface ProxyOptions {
  /** What a CONNECT is answered with: 200 by default, 0 is silence. */
  readonly connectStatus?: number
}

/** An HTTP proxy on the loopback: tunnels by CONNECT and forwards requests in absolute form. */
export async function proxyServer({ connectStatus = 200 }: ProxyOptions = {}): Promise<ProxyServer> {
  const seen: string[] = []
  const credentials: (string | undefined)[] = []
  const sockets = new Set<Socket>()

  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    const { 'proxy-authorization': _, ...headers } = incoming.headers
    const onward = forward(incoming.url as string, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', (incoming, client: Socket) => {
    seen.push(`CONNECT ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    client.on('error', () => {})
    // Half-open by default: nobody else would close its side.
    if (connectStatus === 0) return void client.resume().on('end', () => client.destroy())
    if (connectStatus !== 200) return void client.end(`HTTP/1.1 ${connectStatus} Refused\r\n\r\n`)
    const target = new URL(`http://${incoming.url}`)
    const upstream = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const port = await listen(server)

  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    credentials,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
