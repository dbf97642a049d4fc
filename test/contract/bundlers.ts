import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** From the bundlers' own folder, beside the other runtimes. */
const load = createRequire(new URL('../runtimes/package.json', import.meta.url))

/** How a program is bundled: for Node, or for a host that has these export conditions. */
export interface Target {
  readonly platform?: 'node'
  readonly conditions?: readonly string[]
  /** @defaultValue 'esm' */
  readonly format?: 'esm' | 'cjs' | 'iife'
}

/** Dependencies that are CommonJS ask for Node's modules by `require`, which an ES module has to be given. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`

type Bundle = (folder: string, target: Target) => Promise<unknown>

const BUNDLERS: Readonly<Record<'esbuild' | 'rollup' | 'webpack', Bundle>> = {
  esbuild: withEsbuild,
  rollup: withRollup,
  webpack: withWebpack,
}

/** Bundles the project's `main.mjs` with everything that it imports into `bundle.mjs`, or `bundle.cjs`. */
export function bundle(bundler: keyof typeof BUNDLERS, folder: string, target: Target): Promise<unknown> {
  return BUNDLERS[bundler](folder, target)
}

function output(folder: string, { format }: Target): string {
  return join(folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs')
}

async function withEsbuild(folder: string, target: Target): Promise<unknown> {
  const { platform, conditions, format = 'esm' } = target
  const esbuild = load('esbuild') as typeof import('esbuild')
  return esbuild.build({
    entryPoints: [join(folder, 'main.mjs')],
    outfile: output(folder, target),
    bundle: true,
    format,
    platform: platform ?? 'neutral',
    target: 'es2022',
    logLevel: 'silent',
    ...(conditions && { conditions: [...conditions], mainFields: ['module', 'main'] }),
    ...(platform && format === 'esm' && { banner: { js: REQUIRE } }),
  })
}

interface Rollup {
  rollup(options: object): Promise<{ write(options: object): Promise<unknown> }>
}

async function withRollup(folder: string, target: Target): Promise<unknown> {
  const { rollup } = load('rollup') as Rollup
  const resolve = load('@rollup/plugin-node-resolve') as { nodeResolve(options: object): unknown }
  const commonjs = load('@rollup/plugin-commonjs') as { default(): unknown }
  const { platform, conditions = [] } = target
  const built = await rollup({
    input: join(folder, 'main.mjs'),
    plugins: [
      resolve.nodeResolve({
        preferBuiltins: platform === 'node',
        exportConditions: platform === 'node' ? ['node'] : [...conditions],
        browser: platform !== 'node',
      }),
      commonjs.default(),
    ],
    onwarn: () => {},
  })
  return built.write({ file: output(folder, target), format: 'es' })
}

interface WebpackStats {
  hasErrors(): boolean
  toString(options: object): string
}

function withWebpack(folder: string, target: Target): Promise<unknown> {
  type Webpack = (options: object, done: (error: Error | null, stats?: WebpackStats) => void) => void
  const webpack = load('webpack') as Webpack
  const options = {
    mode: 'production',
    optimization: { minimize: false },
    target: target.platform === 'node' ? 'node' : 'web',
    entry: join(folder, 'main.mjs'),
    output: { path: folder, filename: 'bundle.cjs', globalObject: 'globalThis' },
    performance: false,
  }
  return new Promise((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString({ colors: false })))
      else resolve(stats)
    })
  })
}

/** The cases and what runs them, from TypeScript into a file of either format. */
export async function compileCases(folder: string): Promise<void> {
  const esbuild = load('esbuild') as typeof import('esbuild')
  for (const [format, suffix] of [
    ['esm', 'mjs'],
    ['cjs', 'cjs'],
  ] as const) {
    await esbuild.build({
      entryPoints: [fileURLToPath(new URL('./run-cases.ts', import.meta.url))],
      outfile: join(folder, `run-cases.${suffix}`),
      bundle: true,
      format,
      target: 'es2022',
      logLevel: 'silent',
    })
  }
}
