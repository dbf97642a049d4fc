import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describeEndpoint, type Serving } from './endpoint.ts'

const source = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** What the exports map does for the condition `workerd`. */
const edgeSource: EsbuildPlugin = {
  name: 'edge-source',
  setup({ onResolve }) {
    onResolve({ filter: /^punctual$/ }, () => ({ path: source('src/edge.ts') }))
    onResolve({ filter: /^punctual\/server$/ }, () => ({ path: source('src/server.ts') }))
  },
}

// Typed here, for they are installed beside this file alone, where the type check of the project does not look.
interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>
}
interface EsbuildPlugin {
  readonly name: string
  setup(build: { onResolve(options: { filter: RegExp }, resolve: () => { path: string }): void }): void
}
interface Workers {
  readonly Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> }
}

async function serveWorker(): Promise<Serving> {
  const require = createRequire(import.meta.url)
  const { build } = require('esbuild') as Esbuild
  const { Miniflare } = require('miniflare') as Workers
  const { outputFiles } = await build({
    entryPoints: [source('examples/servers/cloudflare-worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
    plugins: [edgeSource],
  })
  const worker = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
    bindings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: process.env['OPENAI_BASE_URL'] },
  })
  const { port } = await worker.ready
  return { port: Number(port), close: () => worker.dispose() }
}

// The local simulation stands between client and worker and keeps a client's leaving to itself.
describeEndpoint('a Cloudflare Worker', serveWorker, { hearLeaving: false })
