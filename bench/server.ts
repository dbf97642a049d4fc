/**
 * The server of every measurement, in a process of its own: raw sockets and answers that were made before anyone asked, so that what
 * is measured is the client. `/held/…` answers when somebody asks for `/release`.
 */
import { createServer, type Socket } from 'node:net'
import { BODIES, type Size } from './workload.ts'

/** Thousands of connections arrive within a millisecond. */
const BACKLOG = 16_384

const answers = new Map(Object.entries(BODIES).map(([size, body]) => [size, framed(body)]))
const held: Socket[] = []

function framed(body: string): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    'date: Sat, 01 Nov 2025 12:00:00 GMT',
    'x-request-id: req_0123456789abcdef0123456789abcdef',
    'openai-processing-ms: 12',
    'openai-version: 2020-10-01',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function serve(socket: Socket): void {
  let waiting = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    waiting += chunk.toString('latin1')
    for (;;) {
      const end = waiting.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(waiting.slice(0, end))?.[1] ?? 0)
      if (waiting.length < end + 4 + length) return
      const size = /^\w+ \/(\w+)/.exec(waiting)?.[1] ?? ''
      waiting = waiting.slice(end + 4 + length)
      answer(socket, size)
    }
  })
}

function answer(socket: Socket, size: string): void {
  if (size === 'held') return void held.push(socket)
  if (size === 'release')
    for (const waiting of held.splice(0)) waiting.write(answers.get('held' satisfies Size) as Buffer)
  socket.write(answers.get(size) ?? (answers.get('small' satisfies Size) as Buffer))
}

/** One port for each contender: ten thousand connections apiece would use up the local ports towards a single one. */
const servers = [1, 2, 3].map(() => createServer(serve).listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }))
await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
process.send?.(servers.map((server) => (server.address() as { port: number }).port))
process.once('disconnect', () => process.exit())
