import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { answering } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'

const script = fileURLToPath(new URL('../support/ending-call.ts', import.meta.url))

const ENDINGS: [string, (exchange: FaultExchange) => unknown, string][] = [
  ['success', answering, 'ok'],
  ['close', answering, 'ok'],
  ['abort', () => {}, 'aborted'],
  ['timeout', (exchange) => exchange.head({ contentLength: 9 }), 'timeout'],
  ['reset', (exchange) => exchange.reset(), 'network'],
  ['refusal', (exchange) => exchange.json({ error: { message: 'no' } }, { status: 400 }), 'invalid_request'],
]

test.concurrent.each(
  ENDINGS.flatMap((ending) => (['undici', 'fetch'] as const).map((transport) => [transport, ...ending] as const)),
)('a process ends after its last call over %s ended in %s', async (transport, kind, serve, outcome) => {
  await using server = await faultServer(serve)
  const child = spawn(process.execPath, ['--no-warnings', script, server.origin, transport, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  const [told, milliseconds] = output.split(' ')
  expect([child.exitCode, told]).toEqual([0, outcome])
  expect(Number(milliseconds)).toBeLessThan(500)
})
