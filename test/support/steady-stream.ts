/** A model in a process of its own: ten tokens, fifty milliseconds apart, however busy its reader is. Says its port to its parent. */
import * as wire from './chat-stream.ts'
import { faultServer } from './fault-server.ts'

const server = await faultServer(async (exchange) => {
  wire.openStream(exchange)
  for (let token = 0; token < 10; token++) {
    exchange.chunk(wire.word('t'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  exchange.chunk(wire.finish() + wire.DONE)
  exchange.end()
})
process.send?.(Number(new URL(server.origin).port))
process.once('disconnect', () => process.exit())
