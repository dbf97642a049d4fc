/* Run in a process of its own: makes one call that ends as it ends, and prints how, and how long the process then went on. */
import { writeSync } from 'node:fs'
import { createClient, openaiCompatible } from '../../src/index.ts'

const [origin = '', transport = '', kind = ''] = process.argv.slice(2)
const client = createClient({
  provider: openaiCompatible({ name: 'local', baseURL: origin }),
  model: 'm',
  timeout: { total: kind === 'timeout' ? 150 : 5_000, attempt: 3_000, headers: 4_000 },
  random: () => 0,
  ...(transport === 'fetch' && { fetch: 'global' as const }),
})
const controller = new AbortController()
process.on('unhandledRejection', () => process.exit(3))
const call = client.complete({ messages: [{ role: 'user', content: 'Hello' }] }, { signal: controller.signal })
if (kind === 'abort') setTimeout(() => controller.abort(), 100)
const outcome = await call.then(
  () => 'ok',
  ({ code }: { code: string }) => code,
)
if (kind === 'close') await client.close()
const over = performance.now()
process.on('exit', () => writeSync(1, `${outcome} ${performance.now() - over}`))
