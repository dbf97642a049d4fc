import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundlers.ts'

/** Where the runtimes and the bundlers are installed (`npm ci --prefix test/runtimes`). */
export const RUNTIMES: string = fileURLToPath(new URL('../runtimes', import.meta.url))

const installed = (path: string): string => join(RUNTIMES, 'node_modules', path)

/** What is started to run the cases once. */
export interface Start {
  readonly command: readonly string[]
  /** Files of a folder of its own within the project of a stranger, which has the package and the compiled cases. */
  readonly files: Readonly<Record<string, string>>
  /** Done in that folder when the files are there. */
  readonly prepare?: (folder: string) => Promise<unknown>
}

/** A runtime, a way of loading the package in it, or a bundler. Its program prints the results as one line of JSON. */
export interface Device {
  readonly name: string
  /** Without these it is left out. */
  readonly needs: readonly string[]
  start(origin: string, refused: string): Start
}

const call = (origin: string, refused: string): string => `runCases(library, '${origin}', '${refused}')`
const print = 'then((results) => console.log(JSON.stringify(results)))'

const imported = (origin: string, refused: string): string => `
  import * as library from 'punctual'
  import { runCases } from '../run-cases.mjs'
  ${call(origin, refused)}.${print}`

const required = (origin: string, refused: string, specifier = 'punctual'): string => `
  const library = require('${specifier}')
  const { runCases } = require('../run-cases.cjs')
  ${call(origin, refused)}.${print}`

function nodes(name: string, binary: string): readonly Device[] {
  const needs = [binary]
  return [
    {
      name: `${name} by import`,
      needs,
      start: (...at) => ({ command: [binary, 'main.mjs'], files: { 'main.mjs': imported(...at) } }),
    },
    {
      name: `${name} by require`,
      needs,
      start: (...at) => ({ command: [binary, 'main.cjs'], files: { 'main.cjs': required(...at) } }),
    },
    {
      name: `${name} in CommonJS`,
      needs,
      start: (...at) => ({
        command: [binary, 'main.cjs'],
        files: { 'main.cjs': required(...at, '../node_modules/punctual/dist/index.cjs') },
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
      needs: [bun],
      start: (...at) => ({ command: [bun, 'main.mjs'], files: { 'main.mjs': imported(...at) } }),
    },
    {
      name: 'Bun by require',
      needs: [bun],
      start: (...at) => ({ command: [bun, 'main.cjs'], files: { 'main.cjs': required(...at) } }),
    },
    {
      name: 'Deno by import',
      needs: [deno],
      start: (...at) => ({
        command: [...trusting, 'main.mjs'],
        files: { 'main.mjs': imported(...at), 'package.json': '{}' },
      }),
    },
    {
      name: 'Deno by require',
      needs: [deno],
      start: (...at) => ({
        command: [...trusting, 'main.cjs'],
        files: { 'main.cjs': required(...at), 'package.json': '{}' },
      }),
    },
  ]
}

/** A worker that runs the cases when it is asked anything. */
const worker = (origin: string, refused: string): string => `
  import * as library from 'punctual'
  import { runCases } from '../run-cases.mjs'
  export default { fetch: async () => Response.json(await ${call(origin, refused)}) }`

function workerd(name: string, flags: readonly string[]): Device {
  return {
    name,
    needs: [installed('miniflare')],
    start: (...at) => ({
      files: {
        'main.mjs': worker(...at),
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
  start: (origin, refused) => ({
    files: {
      'main.mjs': `
        import * as library from 'punctual'
        import { runCases } from '../run-cases.mjs'
        addEventListener('fetch', (event) => event.respondWith(${call(origin, refused)}.then((results) => Response.json(results))))`,
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
  const program = installed('jest/bin/jest.js')
  const environment = conditions && { testEnvironmentOptions: { customExportConditions: conditions } }
  const settings = { testMatch: ['**/main.test.js'], transform: {}, ...environment }
  return {
    name,
    needs: [program],
    start: (origin, refused) => ({
      files: {
        'package.json': JSON.stringify({ name: 'stranger', jest: settings }),
        'main.test.js': `
          const library = require('punctual')
          const { runCases } = require('../run-cases.cjs')
          test('the contract', async () => {
            require('node:fs').writeFileSync('results.json', JSON.stringify(await ${call(origin, refused)}))
          }, 120_000)`,
        'host.cjs': `
          const { spawnSync } = require('node:child_process')
          const { status, stderr } = spawnSync(process.execPath, ['${program}', '--watchman=false', '--cache=false'], { encoding: 'utf8' })
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
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'esbuild for Node in CommonJS',
      needs: [installed('esbuild')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for Node from CommonJS',
      needs: [installed('esbuild')],
      start: (...at) => ({
        files: { 'main.mjs': required(...at) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for browsers',
      needs: [installed('esbuild')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'streams that cannot be iterated',
      needs: [installed('esbuild')],
      start: (...at) => ({
        files: {
          'main.mjs': imported(...at),
          'safari.cjs': SAFARI,
        },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: [process.execPath, '--require=./safari.cjs', 'bundle.mjs'],
      }),
    },
    {
      name: 'Rollup for Node',
      needs: [installed('rollup')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('rollup', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'Rollup for browsers',
      needs: [installed('rollup')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('rollup', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'webpack for Node',
      needs: [installed('webpack')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
        prepare: (folder) => bundle('webpack', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'webpack for browsers',
      needs: [installed('webpack')],
      start: (...at) => ({
        files: { 'main.mjs': imported(...at) },
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
