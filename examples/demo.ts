/* `npm run demo`: a server on loopback misbehaves in every way that providers do, and punctual calls it over real sockets. */
import { inspect } from 'node:util'
import {
  type Completion,
  complete,
  createClient,
  isCompletionError,
  type Options,
  openai,
  openaiCompatible,
} from 'punctual'
import { COMPLETE_SCENES } from './demo/complete-scenes.ts'
import type { Scene } from './demo/scene.ts'
import { startServer } from './demo/server.ts'
import { STREAM_SCENES } from './demo/stream-scenes.ts'
import { LEGEND, renderCompletion, renderError, style } from './demo/timeline.ts'

/** In the order in which they are played. */
const SCENES: readonly Scene[] = [...COMPLETE_SCENES, ...STREAM_SCENES]

if (process.env['OPENAI_API_KEY']) await realCall()
await allScenes()

/** A call to the provider that the environment configures, the way a program of yours makes it. */
async function realCall(): Promise<void> {
  const options = { timeout: { total: 30_000, attempt: 20_000 } }
  const model = process.env['OPENAI_MODEL'] ?? 'gpt-5-mini'
  const where = process.env['OPENAI_BASE_URL'] ?? 'api.openai.com'
  announce(`A real call: ${model} at ${where}`, options)
  await show(() =>
    complete({ model: openai(model), messages: [{ role: 'user', content: 'Say hello in five words.' }] }, options),
  )
}

async function allScenes(): Promise<void> {
  const server = await startServer(Object.fromEntries(SCENES.map(({ name, script }) => [name, script])))
  // Without the environment's proxy, which could not reach this process.
  const client = createClient({ model: 'tide-1', proxy: false })
  console.log(`\n${LEGEND}`)
  for (const [index, { name, title, call, options, play }] of SCENES.entries()) {
    announce(`${index + 1}. ${title}`, options, call)
    const provider = openaiCompatible({ name: 'demo', baseURL: server.baseURL(name) })
    await show(() => play(client.with({ provider }), options))
  }
  await client.close()
  await server.close()
}

function announce(title: string, options: Options, made: string = 'complete'): void {
  const call = `${made}(request, ${inspect(options, { breakLength: Infinity, numericSeparator: true })})`
  console.log(`\n${style('bold', title)}\n  ${style('gray', call)}\n`)
}

async function show(call: () => Promise<Completion>): Promise<void> {
  try {
    console.log(renderCompletion(await call()))
  } catch (error) {
    if (!isCompletionError(error)) throw error
    console.log(renderError(error))
  }
}
