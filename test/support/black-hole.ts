import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** Listens with the shortest backlog in a thread that is asleep from then on: nobody accepts. */
const LISTENER = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })`

export interface BlackHole extends AsyncDisposable {
  readonly port: number
}

/** A port whose backlog is full: the system drops every further SYN, so that connecting takes for ever. */
export async function blackHole(): Promise<BlackHole> {
  const worker = new Worker(LISTENER, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const fillers: Socket[] = []
  for (let filled = false; !filled; ) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    fillers.push(socket)
    filled = await new Promise((resolve) => {
      socket.once('connect', () => resolve(false))
      setTimeout(() => resolve(socket.connecting), 100)
    })
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy()
      await worker.terminate()
    },
  }
}
