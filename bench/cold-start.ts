/** Import and first answer in a fresh process, in milliseconds: the built package, or bare undici. The server is another's. */
import type { Contender } from './contender.ts'
import { KEY, MESSAGES, MODEL } from './workload.ts'

const [name, port] = process.argv.slice(2)
const url = `http://127.0.0.1:${port}/small`
const began = performance.now()

async function openBuilt(): Promise<() => Promise<unknown>> {
  const { createClient, openai } = (await import(
    new URL('../dist/index.js', import.meta.url).href
  )) as typeof import('../src/index.ts')
  const model = openai({ apiKey: KEY, baseURL: url })(MODEL)
  return () =>
    createClient().complete({ model, messages: MESSAGES }, { timeout: { total: 30_000, attempt: 12_000 }, retry: 3 })
}

async function openBare(): Promise<() => ReturnType<Contender['call']>> {
  const { openFloor } = await import('./floor.ts')
  return () => openFloor(Number(port)).call('small')
}

const call = await (name === 'punctual' ? openBuilt() : openBare())
await call()
const took = performance.now() - began
process.send?.(took, () => process.exit())
