import { openUndiciTransport } from '../src/transport/undici.ts'
import { openNodeTransports } from '../src/transport/node.ts'
import { makeCalls } from './calls.ts'
import { startServer } from './program.ts'
import { KEY, MESSAGES, MODEL } from './workload.ts'
const server = await startServer()
const transport = process.argv[2] === 'node' ? openNodeTransports().pick({proxy:'env'}) : openUndiciTransport()
const url = new URL(`http://127.0.0.1:${server.ports[0]}/small/chat/completions`)
const mode = process.argv[3]
const c = { name: 't', close: async () => {}, call: (size) => new Promise((resolve, reject) => {
  const chunks = []; chunks.junk = new Array(1500).fill(0)
  transport.start({ method: 'POST', url: mode === 'url' ? new URL(url.href) : url, headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` }, body: JSON.stringify({ model: MODEL, messages: MESSAGES }) }, {
    onSent() {}, onHeaders() {}, onData(c) { chunks.push(c) }, onEnd() { resolve(JSON.parse(new TextDecoder().decode(chunks[0])).choices[0].message.content.length) }, onError: reject }, false)
}) }
for (let i = 0; i < 7; i++) await makeCalls(c, { count: 3000, concurrency: 64 })
console.log('START'); const p = process.cpuUsage()
await makeCalls(c, { count: 60000, concurrency: 64 }); const u=process.cpuUsage(p); console.log("cpu", (u.user+u.system)/60000); server.close(); process.exit()
