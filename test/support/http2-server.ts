import { createSecureServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { listen, loopbackPem } from './fault-server.ts'

/** One request over HTTP/2; its stream is the script's to answer, reset or leave. */
export interface Http2Exchange {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Counts from 0 over the server's life. */
  readonly index: number
  json(value: unknown, status?: number): void
}

export interface Http2Server extends AsyncDisposable {
  readonly origin: string
  readonly requests: readonly Http2Exchange[]
  readonly sessions: readonly Http2Session[]
  url(path?: string): URL
  close(): Promise<void>
}

/** A TLS server that speaks HTTP/2 alone and does what `script` says with each request. */
export async function http2Server(script: (exchange: Http2Exchange) => unknown): Promise<Http2Server> {
  const requests: Http2Exchange[] = []
  const sessions: Http2Session[] = []
  const server = createSecureServer({ key: loopbackPem, cert: loopbackPem })
  server.on('session', (session) => {
    session.on('error', () => {})
    sessions.push(session)
  })
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const exchange: Http2Exchange = {
        stream,
        headers,
        body: Buffer.concat(chunks).toString(),
        index: requests.length,
        json(value, status = 200) {
          stream.respond({ ':status': status, 'content-type': 'application/json' })
          stream.end(JSON.stringify(value))
        },
      }
      requests.push(exchange)
      script(exchange)
    })
  })
  const port = await listen(server)
  const origin = `https://127.0.0.1:${port}`

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const session of sessions) session.destroy()
    await closed
  }

  return { origin, requests, sessions, url: (path = '/') => new URL(path, origin), close, [Symbol.asyncDispose]: close }
}
