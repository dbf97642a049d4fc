import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A Node server on loopback. */
export interface HttpServer extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  readonly server: Server
}

async function httpServer(listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Hands a request over to the test, which then plays the handler. */
export interface Handled {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** A server whose requests the test itself answers, one after another. */
export async function handledServer(): Promise<HttpServer & { next(): Promise<Handled> }> {
  const waiting: Handled[] = []
  let wake: (() => void) | undefined
  const server = await httpServer((request, response) => {
    waiting.push({ request, response })
    wake?.()
  })
  return {
    ...server,
    async next() {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return waiting.shift() as Handled
    },
  }
}

/** A server of Node's HTTP/2 compatibility API without TLS, and a client's session with it. */
export async function http2Session(
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<AsyncDisposable & { readonly session: ClientHttp2Session }> {
  const server = createHttp2Server(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    session,
    async [Symbol.asyncDispose]() {
      session.close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A client that sends a POST on a bare socket and reads only when told to, so that it can leave at any moment. */
export interface BareClient {
  readonly socket: Socket
  /** What has arrived. */
  text(): string
  /** Resolves when the text matches. */
  sees(pattern: RegExp): Promise<void>
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
  /** Closes the connection, or resets it. @defaultValue 'close' */
  leave(how?: 'close' | 'reset'): void
}

export function bareClient(port: number, path = '/', body = '{"prompt":"hi"}'): BareClient {
  let text = ''
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  })
  socket.setEncoding('utf8')
  socket.on('error', () => {})
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  return {
    socket,
    text: () => text,
    async sees(pattern) {
      const end = performance.now() + 5_000
      while (!pattern.test(text)) {
        if (performance.now() > end) throw new Error(`${pattern} did not arrive in: ${text}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    leave: (how) => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()),
  }
}
