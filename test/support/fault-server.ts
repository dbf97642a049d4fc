import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** One request as it arrived; names in lower case. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly connection: Connection
}

/** One accepted socket. */
export interface Connection {
  /** Counts from 0 over the server's life. */
  readonly index: number
  readonly socket: Socket
  /** How many requests have arrived on it. */
  requests: number
  /** Settles when the socket is gone, whoever closed it; the value is `performance.now()` at that moment. */
  readonly closed: Promise<number>
  /** Set as soon as the socket is gone. */
  closedAt: number | undefined
  /** Closes with FIN. */
  end(): void
  /** Closes with RST. */
  reset(): void
}

export interface ResponseInit {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** With `false` no length is told and the end of the connection ends the body. */
  readonly contentLength?: number | false
}

/** What a script may do with one request. Nothing is sent unless it says so. */
export interface FaultExchange {
  readonly request: ReceivedRequest
  readonly connection: Connection
  /** Counts from 0 over the server's life. */
  readonly index: number
  /** Raw bytes onto the socket. */
  write(bytes: string | Uint8Array): void
  /** A status line and headers, without a body: for chunked, dripping or cut bodies. */
  head(init?: ResponseInit): void
  /** A whole response on a connection that stays open. */
  respond(body: string | Uint8Array, init?: ResponseInit): void
  json(value: unknown, init?: ResponseInit): void
  /** One chunk of `transfer-encoding: chunked`; an empty one ends the body. */
  chunk(bytes: string | Uint8Array): void
  /** Writes the pieces one by one, `milliseconds` apart, until the peer is gone. */
  drip(pieces: Iterable<string | Uint8Array>, milliseconds: number): Promise<void>
  /** Closes with FIN once what was written has left. */
  end(): void
  /** Closes with RST. */
  reset(): void
}

export interface FaultServerOptions {
  /** TLS with the self-signed certificate beside this file. */
  readonly tls?: boolean
  /** Sees each socket before any byte of it is read; `false` drops whatever arrives on it. */
  readonly onConnection?: (connection: Connection) => unknown
}

export interface FaultServer extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  readonly requests: readonly ReceivedRequest[]
  readonly connections: readonly Connection[]
  url(path?: string): URL
  /** Sockets that are open now. */
  open(): number
  close(): Promise<void>
}

export const loopbackPem: string = readFileSync(new URL('./loopback.pem', import.meta.url), 'utf8')

/** A loopback server over bare sockets that does what `script` says with each request, and nothing else. */
export async function faultServer(
  script: (exchange: FaultExchange) => unknown,
  options: FaultServerOptions = {},
): Promise<FaultServer> {
  const requests: ReceivedRequest[] = []
  const connections: Connection[] = []

  function accept(socket: Socket): void {
    const connection = track(socket, connections.length)
    connections.push(connection)
    // Read all the same: a socket that is not read does not notice that its peer has closed it.
    if (options.onConnection?.(connection) === false) return void socket.resume()
    readRequests(connection, (request) => {
      requests.push(request)
      void Promise.resolve(script(exchangeOn(request, requests.length - 1))).catch(() => connection.reset())
    })
  }

  const server: Server = options.tls
    ? createTlsServer({ key: loopbackPem, cert: loopbackPem, ALPNProtocols: ['http/1.1'] }, accept)
    : createServer(accept)
  server.on('error', () => {})
  server.on('tlsClientError', () => {})
  const port = await listen(server)
  const origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const connection of connections) connection.socket.destroy()
    await closed
  }

  return {
    origin,
    port,
    requests,
    connections,
    url: (path = '/') => new URL(path, origin),
    open: () => connections.filter((connection) => connection.closedAt === undefined).length,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Listens on a free loopback port and says which. */
export async function listen(server: Server, backlog?: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog }, resolve))
  return (server.address() as AddressInfo).port
}

/** A port on which nobody listens. */
export async function refusedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

function track(socket: Socket, index: number): Connection {
  // Answers are written in pieces; without this each waits 40 ms for the acknowledgement of the one before.
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const closed = new Promise<number>((resolve) => {
    socket.once('close', () => {
      connection.closedAt = performance.now()
      resolve(connection.closedAt)
    })
  })
  const connection: Connection = {
    index,
    socket,
    requests: 0,
    closed,
    closedAt: undefined,
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
  return connection
}

/** Cuts a connection's bytes into requests: headers and a content-length body, which is all that our clients write. */
function readRequests(connection: Connection, onRequest: (request: ReceivedRequest) => void): void {
  let pending = Buffer.alloc(0)
  connection.socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const end = pending.indexOf('\r\n\r\n')
      if (end === -1) return
      const [start = '', ...lines] = pending.toString('latin1', 0, end).split('\r\n')
      const headers: Record<string, string> = {}
      for (const line of lines) {
        const colon = line.indexOf(':')
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
      }
      const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0)
      if (pending.length < bodyEnd) return
      const body = pending.toString('utf8', end + 4, bodyEnd)
      pending = pending.subarray(bodyEnd)
      connection.requests++
      const [method = '', path = ''] = start.split(' ')
      onRequest({ method, path, headers, body, connection })
    }
  })
}

function exchangeOn(request: ReceivedRequest, index: number): FaultExchange {
  const { connection } = request
  const { socket } = connection

  function write(bytes: string | Uint8Array): void {
    if (!socket.destroyed && socket.writable) socket.write(bytes)
  }

  function head(init: ResponseInit = {}): void {
    const headers: Record<string, string> = { 'content-type': 'application/json', ...init.headers }
    if (init.contentLength !== undefined && init.contentLength !== false) {
      headers['content-length'] = String(init.contentLength)
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    write(`HTTP/1.1 ${init.status ?? 200} Status\r\n${lines.join('')}\r\n`)
  }

  function respond(body: string | Uint8Array, init: ResponseInit = {}): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    head({ contentLength: bytes.length, ...init })
    if (bytes.length > 0) write(bytes)
    if (init.contentLength === false) socket.end()
  }

  return {
    request,
    connection,
    index,
    write,
    head,
    respond,
    json: (value, init) => respond(JSON.stringify(value), init),
    chunk(bytes) {
      write(`${Buffer.byteLength(bytes).toString(16)}\r\n`)
      write(bytes)
      write('\r\n')
    },
    async drip(pieces, milliseconds) {
      for (const piece of pieces) {
        if (socket.destroyed) return
        write(piece)
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
      }
    },
    end: connection.end,
    reset: connection.reset,
  }
}
