import { createServer, type TLSSocket } from 'node:tls'
import { listen, loopbackPem } from './fault-server.ts'

/** One HTTP/2 stream, to be answered frame by frame. Codes: 0 NO_ERROR, 2 INTERNAL_ERROR, 7 REFUSED_STREAM, 8 CANCEL, 11 ENHANCE_YOUR_CALM. */
export interface FrameExchange {
  /** Counts from 0 over the server's life. */
  readonly index: number
  /** `:status: 200`, with a content-length where one is given. */
  headers(contentLength?: number): void
  data(text: string, options?: { end: boolean }): void
  reset(code: number): void
  /** Refuses every stream above `lastStream`, by default all. */
  goaway(code: number, lastStream?: number): void
}

export interface FrameServer extends AsyncDisposable {
  url(): URL
  readonly connections: readonly TLSSocket[]
}

const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const PING = 6
const GOAWAY = 7
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** HTTP/2 written by hand, because node:http2 ends a stream in order before it resets it. */
export async function http2Frames(script: (exchange: FrameExchange) => unknown): Promise<FrameServer> {
  const connections: TLSSocket[] = []
  let index = 0

  const server = createServer({ key: loopbackPem, cert: loopbackPem, ALPNProtocols: ['h2'] }, (socket) => {
    connections.push(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    const send = (type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): void => {
      const head = Buffer.alloc(9)
      head.writeUIntBE(payload.length, 0, 3)
      head.writeUInt8(type, 3)
      head.writeUInt8(flags, 4)
      head.writeUInt32BE(stream, 5)
      if (socket.writable) socket.write(Buffer.concat([head, payload]))
    }
    send(SETTINGS, 0, 0)

    let pending = Buffer.alloc(0)
    let greeted = false
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      if (!greeted && pending.length >= 24) {
        greeted = true
        pending = pending.subarray(24)
      }
      while (greeted && pending.length >= 9) {
        const length = pending.readUIntBE(0, 3)
        if (pending.length < 9 + length) return
        const [type, flags] = [pending.readUInt8(3), pending.readUInt8(4)]
        const stream = pending.readUInt32BE(5)
        const payload = pending.subarray(9, 9 + length)
        pending = pending.subarray(9 + length)
        if (type === SETTINGS && !(flags & ACK)) send(SETTINGS, ACK, 0)
        if (type === PING && !(flags & ACK)) send(PING, ACK, 0, payload)
        if ((type === DATA || type === HEADERS) && flags & END_STREAM) script(exchangeOn(stream, send, index++))
      }
    })
  })
  server.on('error', () => {}).on('tlsClientError', () => {})
  const port = await listen(server)

  return {
    connections,
    url: () => new URL(`https://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

function exchangeOn(
  stream: number,
  send: (type: number, flags: number, stream: number, payload?: Uint8Array) => void,
  index: number,
): FrameExchange {
  const word = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    values.forEach((value, position) => bytes.writeUInt32BE(value, position * 4))
    return bytes
  }
  return {
    index,
    headers(contentLength) {
      // HPACK: entry 8 of the static table is `:status: 200`; entry 28 is `content-length`, with its value as it is.
      const block = [0x88]
      if (contentLength !== undefined) {
        const value = String(contentLength)
        block.push(0x0f, 0x0d, value.length, ...Buffer.from(value))
      }
      send(HEADERS, END_HEADERS, stream, Uint8Array.from(block))
    },
    data: (text, options) => send(DATA, options?.end ? END_STREAM : 0, stream, Buffer.from(text)),
    reset: (code) => send(RST_STREAM, 0, stream, word(code)),
    goaway: (code, lastStream = 0) => send(GOAWAY, 0, 0, word(lastStream, code)),
  }
}
