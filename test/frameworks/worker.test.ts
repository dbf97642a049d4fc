import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Serving } from './endpoint.ts'
import { describeEndpoint } from './endpoint.ts'

const source = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** What the exports map does for the condition `workerd`. */
const edgeSource: Plugin = {
  name: 'edge-source',
  setup({ onResolve }) {
    onResolve({ filter: /^punctual$/ }, () => ({ path: source('src/edge.ts') }))
    onResolve({ filter: /^punctual\/server$/ }, () => ({ path: source('src/server.ts') }))
  },
}

async function serveWorker(): Promise<Serving> {
  const { outputFiles } = await build({
    entryPoints: [source('examples/servers/cloudflare-worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
    plugins: [edgeSource],
  })
  // Required by a name that is computed, for it is installed here and not where the type check looks.
  const { Miniflare } = createRequire(import.meta.url)('miniflare') as {
    Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> }
  }
  const worker = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_als', 'enable_request_signal'],
    bindings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: process.env['OPENAI_BASE_URL'] },
  })
  const { port } = await worker.ready
  return { port: Number(port), close: () => worker.dispose() }
}

// The local simulation stands between client and worker and keeps a client's leaving to itself.
describeEndpoint('a Cloudflare Worker', serveWorker, { hearLeaving: false })
