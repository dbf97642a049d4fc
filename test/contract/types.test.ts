import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedStranger, type Stranger } from '../support/tarball.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object }
const ENTRIES = Object.keys(exports).map((path) => path.replace(/^\./, 'punctual'))

let stranger: Stranger
beforeAll(() => {
  stranger = packedStranger()
})
afterAll(() => stranger.remove())

/** A stranger's program: every entry is imported, and the names that most programs have are used for what they say they are. */
const PROGRAM = `
${ENTRIES.map((entry, index) => `import * as entry${index} from '${entry}'`).join('\n')}
import {
  complete, CompletionError, createClient, isCompletionError, openai, stream,
  type Client, type Completion, type Message, type Options, type StreamEvent,
} from 'punctual'

export const entries = [${ENTRIES.map((_, index) => `entry${index}`).join(', ')}] as const

const messages: Message[] = [{ role: 'user', content: 'Hello' }]
const options: Options = { timeout: { total: 30_000, attempt: undefined }, retry: 3, signal: new AbortController().signal }
export const client: Client = createClient({ provider: openai({ apiKey: 'key' }), model: 'm', ...options })

export async function ask(): Promise<string> {
  const completion: Completion = await complete({ model: openai('m'), messages }, options)
  return completion.text
}
export async function read(): Promise<readonly StreamEvent['type'][]> {
  const types: StreamEvent['type'][] = []
  for await (const event of stream({ model: 'm', messages })) {
    types.push(event.type)
    // @ts-expect-error: only text has a text
    if (event.type === 'finish') types.push(event.text)
  }
  return types
}
export function wait(error: unknown): number | undefined {
  if (!isCompletionError(error)) return undefined
  // @ts-expect-error: only a timeout has a phase
  if (error.code === 'network') return error.phase.length
  if (error.code === 'timeout') return error.phase.length
  // @ts-expect-error: the code is a closed union
  if (error.code === 'no such code') return 0
  return error.code === 'rate_limit' ? error.retryAfterMs : undefined
}
// @ts-expect-error: a request has messages
export const wrong = complete({ model: 'm' })
// Neither may have become an any, which would take this.
// @ts-expect-error
export const number: number = complete({ model: 'm', messages })
// @ts-expect-error
export const text: string = new CompletionError({ code: 'network', message: 'network' })
`

const COMPILERS: readonly (readonly [name: string, program: string])[] = [
  ['TypeScript 5.6', join(ROOT, 'test/runtimes/node_modules/typescript56/bin/tsc')],
  ['TypeScript 6', join(ROOT, 'node_modules/typescript/bin/tsc6')],
  ['TypeScript 7', join(ROOT, 'node_modules/typescript7/bin/tsc')],
]

const NODE = { lib: ['es2022'], types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] }
/** A browser's project knows no Node. */
const BROWSER = { lib: ['es2022', 'dom', 'dom.iterable'], types: [] }

const PROJECTS = [
  ['nodenext', 'program.mts', 'Node', NODE],
  ['nodenext', 'program.cts', 'Node', NODE],
  ['node16', 'program.mts', 'Node', NODE],
  ['node16', 'program.cts', 'Node', NODE],
  ['bundler', 'program.ts', 'Node', NODE],
  ['bundler', 'program.ts', 'a browser', BROWSER],
] as const

describe.each(COMPILERS)('under %s', (name, compiler) => {
  const absent = !existsSync(compiler)
  if (absent) console.log(`skipped: ${name} is not installed; \`npm ci --prefix test/runtimes\` installs it`)

  it.skipIf(absent).each(PROJECTS)(
    'the types hold by %s resolution in %s for %s',
    (resolution, file, _for, library) => {
      const folder = join(stranger.folder, 'typed')
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, file), PROGRAM)
      const compilerOptions = {
        ...library,
        module: resolution === 'bundler' ? 'esnext' : resolution,
        moduleResolution: resolution,
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
      let said = ''
      try {
        execFileSync(process.execPath, [compiler, '--pretty', 'false'], {
          cwd: folder,
          encoding: 'utf8',
        })
      } catch (error) {
        said = String((error as { stdout?: unknown }).stdout ?? error)
      }
      expect(said).toBe('')
    },
  )
})
