import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { blackHole } from '../support/black-hole.ts'
import { faultServer } from '../support/fault-server.ts'

const script = fileURLToPath(new URL('../support/leaving-call.ts', import.meta.url))

test.each(['pooled', 'fresh'])(
  'a process ends after its %s exchanges were cancelled while connecting',
  async (mode) => {
    await using hole = await blackHole()
    await using silent = await faultServer(() => {}, { onConnection: () => false })
    await using unanswered = await faultServer(() => {})
    const tls = silent.origin.replace('http:', 'https:')
    // Dropped SYNs, twice a TLS handshake that never ends, one request that is never answered.
    const left = await lifeAfter(mode, `http://127.0.0.1:${hole.port}`, `${tls}/1`, `${tls}/2`, unanswered.origin)
    expect(left).toBeLessThan(500)
    expect(unanswered.requests).toHaveLength(1)
  },
)

test('a process ends while its connections are idle', async () => {
  await using server = await faultServer((exchange) => exchange.json({}))
  expect(await lifeAfter('idle', server.origin)).toBeLessThan(500)
})

/** Milliseconds from the end of the last exchange, as the process tells it, to the end of the process. */
async function lifeAfter(mode: string, ...urls: string[]): Promise<number> {
  const child = spawn(process.execPath, ['--no-warnings', script, mode, ...urls], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  expect(child.exitCode).toBe(0)
  return Date.now() - Number(output.trim().split('\n').at(-1))
}
