import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
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
  build(options: object): Promise<unknown>
}
interface EsbuildPlugin {
  readonly name: string
  setup(build: { onResolve(options: { filter: RegExp }, resolve: () => { path: string }): void }): void
}

/** workerd's own configuration; miniflare would stand between the client and the worker and keep the client's leaving to itself. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["nodejs_compat", "enable_request_signal"],
  bindings = [
    (name = "OPENAI_API_KEY", text = "test-key"),
    (name = "OPENAI_BASE_URL", fromEnvironment = "OPENAI_BASE_URL"),
  ],
);
`

async function serveWorker(): Promise<Serving> {
  const require = createRequire(import.meta.url)
  const { build } = require('esbuild') as Esbuild
  const { default: workerd } = require('workerd') as { readonly default: string }
  const folder = mkdtempSync(join(tmpdir(), 'punctual-worker-'))
  await build({
    entryPoints: [source('examples/servers/cloudflare-worker.ts')],
    bundle: true,
    outfile: join(folder, 'worker.mjs'),
    format: 'esm',
    conditions: ['workerd'],
    plugins: [edgeSource],
  })
  writeFileSync(join(folder, 'config.capnp'), CONFIG)
  const runtime = spawn(workerd, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const close = async (): Promise<void> => {
    if (runtime.exitCode === null && runtime.kill('SIGKILL')) await once(runtime, 'exit')
    rmSync(folder, { recursive: true })
  }
  return { port: await portOf(runtime), close }
}

/** The port that workerd has chosen; a line of JSON tells it. */
async function portOf(runtime: ChildProcess): Promise<number> {
  const control = runtime.stdio[3] as Readable
  const [line] = (await once(control, 'data')) as [Buffer]
  return (JSON.parse(line.toString()) as { port: number }).port
}

// workerd takes a client that has only closed its side for one that still reads.
describeEndpoint('a Cloudflare Worker', serveWorker, { leaves: 'reset' })
