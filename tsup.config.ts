import type { Options } from 'tsup'

/** One line per entry point; its path in the exports map of package.json is the same name. */
const entry = {
  index: 'src/index.ts',
  edge: 'src/edge.ts',
  fetch: 'src/fetch.ts',
  'fetch-edge': 'src/fetch-edge.ts',
  server: 'src/server.ts',
  // No entry point: a file of its own, so that a browser which reads a stream back does not load what makes calls.
  'read-events': 'src/stream/read-events.ts',
}

/** Splitting keeps one copy of module state (the default client, the ambient context) across all entries, in either format. */
const shared = {
  entry,
  // Strangers who target less than esnext have not told their compiler of disposables.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  splitting: true,
  treeshake: true,
  target: 'es2023',
  platform: 'node',
  removeNodeProtocol: false,
} as const satisfies Options

const builds: Options[] = [
  { ...shared, format: 'esm' },
  // Jest and older bundlers cannot require the ESM-only dependencies, so the CommonJS build carries them.
  { ...shared, format: 'cjs', noExternal: ['p-retry', 'p-timeout'] },
]

export default builds
