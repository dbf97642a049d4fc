import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packedStranger } from '../support/tarball.ts'
import type { Serving } from './endpoint.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What an app has beside the package, and where it is installed; Next.js' build checks types, too. */
const BESIDE = {
  next: here('node_modules/next'),
  react: here('node_modules/react'),
  'react-dom': here('node_modules/react-dom'),
  '@types/react': here('node_modules/@types/react'),
  '@types/node': here('../../node_modules/@types/node'),
  typescript: here('../../node_modules/typescript'),
}

/** The example's endpoint on either runtime of Next.js: under which path it is, and what its file says besides. */
const ENDPOINTS = {
  nodejs: { under: '/api', more: '' },
  edge: { under: '/api/edge', more: "\nexport const runtime = 'edge'\n" },
} as const

/** An app that has been built for production. */
export interface NextApp {
  /** Starts it, with the environment of that moment; what is served is the endpoint on the given runtime. */
  serve(runtime: keyof typeof ENDPOINTS): Promise<Serving>
  remove(): void
}

/** Why there can be no app; undefined where there can. */
export function noNextApp(): string | undefined {
  if (!existsSync(BESIDE.next)) return 'Next.js is not installed (npm ci --prefix test/frameworks)'
  if (!existsSync(here('../../dist/index.js'))) return 'the package has not been built (npm run build)'
  return undefined
}

/** Builds the app of a stranger, who has installed the packed tarball and copied the example. */
export async function buildNextApp(): Promise<NextApp> {
  const { folder, remove } = packedStranger()
  try {
    layOut(folder)
    await build(folder)
  } catch (error) {
    remove()
    throw error
  }
  return { serve: async (runtime) => ({ ...(await start(folder)), under: ENDPOINTS[runtime].under }), remove }
}

function layOut(folder: string): void {
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const [name, installed] of Object.entries(BESIDE)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(installed, link)
  }
  const example = readFileSync(here('../../examples/servers/nextjs-route.ts'), 'utf8')
  for (const { under, more } of Object.values(ENDPOINTS)) write(`app${under}/chat/[[...way]]/route.ts`, example + more)
  write('package.json', JSON.stringify({ private: true, type: 'module' }))
  // The bundler follows no link out of its root, and these lead to wherever the repository is.
  const config = { turbopack: { root: parse(folder).root } }
  write('next.config.mjs', `export default ${JSON.stringify(config)}`)
}

async function build(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, next(folder, 'build'), options(folder)).catch(
    (error: Error & { stdout?: string }) => {
      // Where it says what does not compile or does not fit its types.
      throw new Error(`next build: ${error.stdout}`, { cause: error })
    },
  )
}

const next = (folder: string, ...words: readonly string[]): string[] => [
  join(folder, 'node_modules/next/dist/bin/next'),
  ...words,
]

const options = (folder: string) => ({
  cwd: folder,
  // Under `CI` it complains of what it misses, and does not install it.
  env: { ...process.env, CI: '1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined },
  // It must not outlive a test that gave up.
  timeout: 120_000,
})

async function start(folder: string): Promise<Serving> {
  const words = next(folder, 'start', '--hostname', '127.0.0.1', '--port', '0')
  const server = spawn(process.execPath, words, options(folder))
  const exited = once(server, 'exit')
  const port = await new Promise<number>((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer): void => {
      printed += chunk.toString()
      const ready = /http:\/\/127\.0\.0\.1:(\d+).*Ready/s.exec(printed)
      if (ready) resolve(Number(ready[1]))
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.once('exit', () => reject(new Error(`next start: ${printed}`)))
  })
  return {
    port,
    close() {
      // Asked to leave it would wait for its requests.
      server.kill('SIGKILL')
      return exited
    },
  }
}
