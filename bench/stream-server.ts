/**
 * The server of the streams, in a process of its own: events that were made before anyone asked. The first part of the path says how they
 * are delivered: `bulk` in chunks of 16 KB, `chunks` in a chunk of HTTP for each event, `writes` each by itself, `paced` a hundred a
 * second, `varied` in chunks of 16 KB again, but no event is like another; the second how many there are.
 */
import { createServer, type Socket } from 'node:net'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const END = '0\r\n\r\n'
const BULK = 16_384
const PACE_MS = 10

const CREATED = 1_760_000_000
const about = (created: number): string =>
  `"id":"chatcmpl-0123456789abcdefghijklmnop","object":"chat.completion.chunk","created":${created},"model":"m"`
const token = (index: number, created: number): string =>
  `data: {${about(created)},"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" w${index % 10}"},"finish_reason":null}]}\n\n`
const LAST = `data: {${about(CREATED)},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`
const TOKENS = Array.from({ length: 10 }, (_, index) => token(index, CREATED))

const framed = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

function* events(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield TOKENS[index % 10] as string
  yield LAST
}

function* variedEvents(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield token(index, CREATED + index)
  yield LAST
}

function* inBulk(all: Iterable<string>): Generator<string> {
  let text = ''
  for (const event of all) {
    text += event
    for (; text.length >= BULK; text = text.slice(BULK)) yield text.slice(0, BULK)
  }
  if (text) yield text
}

function pieces(delivery: string, count: number): Iterable<string> {
  if (delivery === 'varied') return inBulk(variedEvents(count))
  return delivery === 'bulk' ? inBulk(events(count)) : events(count)
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const drained = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('drain', resolve))

async function answer(socket: Socket, delivery: string, count: number): Promise<void> {
  socket.write(HEAD)
  if (delivery === 'paced') {
    for (const event of events(count)) {
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
      socket.write(framed(event))
    }
  } else if (delivery === 'writes') {
    for (const event of events(count)) {
      socket.write(framed(event))
      await turn()
    }
  } else {
    let held = ''
    for (const piece of pieces(delivery, count)) {
      held += framed(piece)
      if (held.length < BULK) continue
      if (!socket.write(held)) await drained(socket)
      held = ''
    }
    socket.write(held)
  }
  socket.write(END)
}

const server = createServer((socket) => {
  let waiting = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    waiting += chunk.toString('latin1')
    const end = waiting.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(waiting)?.[1] ?? 0)
    if (waiting.length < end + 4 + length) return
    const [, delivery = 'bulk', count = '5000'] = /^\w+ \/(\w+)\/(\d+)/.exec(waiting) ?? []
    waiting = ''
    void answer(socket, delivery, Number(count))
  })
}).listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))
process.once('disconnect', () => process.exit())
