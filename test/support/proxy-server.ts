import { createServer, request as forward } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { listen, loopbackPem } from './fault-server.ts'

export interface ProxyServer extends AsyncDisposable {
  readonly origin: string
  /** `CONNECT host:port` or `POST http://…`, as they arrived. */
  readonly seen: readonly string[]
  /** The proxy-authorization of each, undefined where there was none. */
  readonly credentials: readonly (string | undefined)[]
  /** The host header of each. */
  readonly hosts: readonly (string | undefined)[]
  open(): number
}

export interface ProxyOptions {
  /** What a CONNECT is answered with: 200 by default, 0 is silence. */
  readonly connectStatus?: number
  /** The whole answer to a CONNECT instead, in packets of its own; the connection stays open, and leads to the origin after a 200. */
  readonly connectAnswer?: readonly string[]
  /** Speaks TLS itself. */
  readonly tls?: boolean
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n'

/** Each piece when the one before has been read. */
async function writePieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  socket.setNoDelay()
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve))
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** An HTTP proxy on the loopback: tunnels by CONNECT and forwards requests in absolute form. */
export async function proxyServer(options: ProxyOptions = {}): Promise<ProxyServer> {
  const { connectStatus = 200, connectAnswer = [ESTABLISHED], tls = false } = options
  const seen: string[] = []
  const credentials: (string | undefined)[] = []
  const hosts: (string | undefined)[] = []
  const sockets = new Set<Socket>()

  const server = tls ? createTlsServer({ key: loopbackPem, cert: loopbackPem }) : createServer()
  server.on('request', (incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    hosts.push(incoming.headers.host)
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
    hosts.push(incoming.headers.host)
    client.on('error', () => {})
    // Half-open by default: nobody else would close its side.
    if (connectStatus === 0) return void client.resume().on('end', () => client.destroy())
    if (connectStatus !== 200) return void client.end(`HTTP/1.1 ${connectStatus} Refused\r\n\r\n`)
    if (!connectAnswer.join('').includes(' 200 ')) {
      client.resume().on('end', () => client.destroy())
      return void writePieces(client, connectAnswer)
    }
    const target = new URL(`http://${incoming.url}`)
    const upstream = connect(Number(target.port), target.hostname, () => {
      void writePieces(client, connectAnswer).then(() => upstream.pipe(client).pipe(upstream))
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
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    credentials,
    hosts,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
