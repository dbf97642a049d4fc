import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundlers.ts'

/** Where the runtimes and the bundlers are installed (`npm ci --prefix test/runtimes`). */
const RUNTIMES: string = fileURLToPath(new URL('../runtimes', import.meta.url))

const installed = (path: string): string => join(RUNTIMES, 'node_modules', path)

/** Said once here, and not for every device. */
export const HAS_RUNTIMES: boolean = existsSync(join(RUNTIMES, 'node_modules'))

/** A program to be tried: how it loads what it needs, in either format, and an expression that becomes its results. */
export interface Program {
  readonly imported: string
  /** `specifier` says by what name an entry of the package is required. */
  required(specifier: (entry: string) => string): string
  readonly results: string
}

/** What is started to run a program. */
export interface Start {
  readonly command: readonly string[]
  /** Files of a folder of its own within the project of a stranger. */
  readonly files: Readonly<Record<string, string>>
  /** Done in that folder when the files are there. */
  readonly prepare?: (folder: string) => Promise<unknown>
}

/** A runtime, a way of loading the package in it, or a bundler. It prints the program's results as one line of JSON. */
export interface Device {
  readonly name: string
  /** Without these it is left out. */
  readonly needs: readonly string[]
  /** Whether a program may both import and require there. */
  readonly mixes?: true
  start(program: Program): Start
}

const byName = (entry: string): string => entry
const ofCommonJS = (entry: string): string =>
  `../node_modules/punctual/dist/${entry === 'punctual' ? 'index' : entry.replace('punctual/', '')}.cjs`

const print = ({ results }: Program): string => `${results}.then((results) => console.log(JSON.stringify(results)))`
const imported = (program: Program): string => `${program.imported}\n${print(program)}`
const required = (program: Program, specifier = byName): string => `${program.required(specifier)}\n${print(program)}`

function nodes(name: string, binary: string): readonly Device[] {
  const needs = [binary]
  return [
    {
      name: `${name} by import`,
      mixes: true,
      needs,
      start: (program) => ({ command: [binary, 'main.mjs'], files: { 'main.mjs': imported(program) } }),
    },
    {
      name: `${name} by require`,
      needs,
      start: (program) => ({ command: [binary, 'main.cjs'], files: { 'main.cjs': required(program) } }),
    },
    {
      name: `${name} in CommonJS`,
      needs,
      start: (program) => ({
        command: [binary, 'main.cjs'],
        files: { 'main.cjs': required(program, ofCommonJS) },
      }),
    },
  ]
}

function others(): readonly Device[] {
  const bun = installed('bun/bin/bun.exe')
  const deno = installed('.bin/deno')
  const trusting = [deno, 'run', '--allow-all', '--no-lock', '--node-modules-dir=manual']
  return [
    {
      name: 'Bun by import',
      mixes: true,
      needs: [bun],
      start: (program) => ({ command: [bun, 'main.mjs'], files: { 'main.mjs': imported(program) } }),
    },
    {
      name: 'Bun by require',
      needs: [bun],
      start: (program) => ({ command: [bun, 'main.cjs'], files: { 'main.cjs': required(program) } }),
    },
    {
      name: 'Deno by import',
      mixes: true,
      needs: [deno],
      start: (program) => ({
        command: [...trusting, 'main.mjs'],
        files: { 'main.mjs': imported(program), 'package.json': '{}' },
      }),
    },
    {
      name: 'Deno by require',
      needs: [deno],
      start: (program) => ({
        command: [...trusting, 'main.cjs'],
        files: { 'main.cjs': required(program), 'package.json': '{}' },
      }),
    },
  ]
}

/** A worker that runs the program when it is asked anything. */
const worker = ({ imported: prelude, results }: Program): string => `
  ${prelude}
  export default { fetch: async () => Response.json(await ${results}) }`

function workerd(name: string, flags: readonly string[]): Device {
  return {
    name,
    needs: [installed('miniflare')],
    start: (program) => ({
      files: {
        'main.mjs': worker(program),
        'host.mjs': `
          import { createRequire } from 'node:module'
          const { Miniflare } = createRequire('${RUNTIMES}/package.json')('miniflare')
          const host = new Miniflare({
            modules: true,
            scriptPath: 'bundle.mjs',
            compatibilityDate: '2026-05-01',
            compatibilityFlags: ${JSON.stringify(flags)},
          })
          const answer = await host.dispatchFetch('http://worker.test/')
          console.log(await answer.text())
          await host.dispose()`,
      },
      prepare: (folder) => bundle('esbuild', folder, { conditions: ['workerd', 'worker', 'browser'] }),
      command: [process.execPath, 'host.mjs'],
    }),
  }
}

const edgeRuntime: Device = {
  name: "Vercel's edge runtime",
  needs: [installed('edge-runtime')],
  start: ({ imported: prelude, results }) => ({
    files: {
      'main.mjs': `
        ${prelude}
        addEventListener('fetch', (event) => event.respondWith(${results}.then((results) => Response.json(results))))`,
      'host.mjs': `
        import { readFileSync } from 'node:fs'
        import { createRequire } from 'node:module'
        const { EdgeRuntime } = createRequire('${RUNTIMES}/package.json')('edge-runtime')
        const host = new EdgeRuntime({ initialCode: readFileSync('bundle.mjs', 'utf8') })
        const answer = await host.dispatchFetch('http://edge.test/')
        await answer.waitUntil()
        console.log(await answer.text())`,
    },
    prepare: (folder) => bundle('esbuild', folder, { conditions: ['edge-light'], format: 'iife' }),
    command: [process.execPath, 'host.mjs'],
  }),
}

/** Jest knows neither `module-sync` nor ESM, so that it gets the CommonJS build. */
function jest(name: string, conditions?: readonly string[]): Device {
  const binary = installed('jest/bin/jest.js')
  const environment = conditions && { testEnvironmentOptions: { customExportConditions: conditions } }
  const settings = { testMatch: ['**/main.test.js'], transform: {}, ...environment }
  return {
    name,
    needs: [binary],
    start: (program) => ({
      files: {
        'package.json': JSON.stringify({ name: 'stranger', jest: settings }),
        'main.test.js': `
          ${program.required(byName)}
          test('the program', async () => {
            require('node:fs').writeFileSync('results.json', JSON.stringify(await ${program.results}))
          }, 120_000)`,
        'host.cjs': `
          const { spawnSync } = require('node:child_process')
          const { status, stderr } = spawnSync(process.execPath, ['${binary}', '--watchman=false', '--cache=false'], { encoding: 'utf8' })
          if (status !== 0 || /did not exit/.test(stderr)) throw new Error(stderr)
          console.log(require('node:fs').readFileSync('results.json', 'utf8'))`,
      },
      command: [process.execPath, 'host.cjs'],
    }),
  }
}

/** Takes from bodies what Safari's have not: they cannot be iterated, only read. */
const SAFARI = `
  const { [Symbol.asyncIterator]: _, values: __, ...rest } = Object.getOwnPropertyDescriptors(ReadableStream.prototype)
  const bare = Object.create(Object.prototype, rest)
  const { get } = Object.getOwnPropertyDescriptor(Response.prototype, 'body')
  Object.defineProperty(Response.prototype, 'body', {
    get() {
      const body = get.call(this)
      return body && Object.setPrototypeOf(body, bare)
    },
  })`

/** Bundles, run by Node; those of the edge build too, which needs nothing but web APIs. */
function bundles(): readonly Device[] {
  const node = (file: string): readonly string[] => [process.execPath, file]
  return [
    {
      name: 'esbuild for Node in ESM',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'esbuild for Node in CommonJS',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for Node from CommonJS',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': required(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for browsers',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'streams that cannot be iterated',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: {
          'main.mjs': imported(program),
          'safari.cjs': SAFARI,
        },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: [process.execPath, '--require=./safari.cjs', 'bundle.mjs'],
      }),
    },
    {
      name: 'Rollup for Node',
      needs: [installed('rollup')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('rollup', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'Rollup for browsers',
      needs: [installed('rollup')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('rollup', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'webpack for Node',
      needs: [installed('webpack')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('webpack', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'webpack for browsers',
      needs: [installed('webpack')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('webpack', folder, { format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
  ]
}

/** Everything that the contract is tried on, the Node of the toolchain first. */
export const DEVICES: readonly Device[] = [
  ...nodes('Node 24', process.execPath),
  ...nodes('Node 22.19', installed('node22/bin/node')),
  ...nodes('Node 26', installed('node26/bin/node')),
  ...others(),
  workerd('workerd', []),
  workerd('workerd with nodejs_compat', ['nodejs_compat']),
  edgeRuntime,
  jest('Jest'),
  jest('Jest with the browser build', ['browser', 'require', 'default']),
  ...bundles(),
]

/** What of it is not here. */
export const missing = ({ needs }: Device): readonly string[] => needs.filter((path) => !existsSync(path))
