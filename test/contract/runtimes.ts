import { bundle } from './bundlers.ts'
import { byName, type Device, imported, installed, ofCommonJS, type Program, RUNTIMES, required } from './device.ts'

/** A Node by its three ways to the package. */
export function nodes(name: string, binary: string): readonly Device[] {
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

/** Runtimes that run a file as Node does. */
export function others(): readonly Device[] {
  const bun = installed('bun/bin/bun.exe')
  const deno = installed('.bin/deno')
  // The permissions that the README names; reading files is `require`'s own.
  const permitted = ['--no-prompt', '--allow-net', '--allow-env']
  const running = [deno, 'run', ...permitted, '--no-lock', '--node-modules-dir=manual']
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
        command: [...running, 'main.mjs'],
        files: { 'main.mjs': imported(program), 'package.json': '{}' },
      }),
    },
    {
      name: 'Deno by require',
      needs: [deno],
      start: (program) => ({
        command: [...running, '--allow-read', 'main.cjs'],
        files: { 'main.cjs': required(program), 'package.json': '{}' },
      }),
    },
  ]
}

/** A worker that runs the program when it is asked anything. */
const worker = ({ imported: prelude, results }: Program): string => `
  ${prelude}
  export default { fetch: async () => Response.json(await ${results}) }`

/** Cloudflare's runtime, from a bundle as wrangler makes it. */
export function workerd(name: string, flags: readonly string[]): Device {
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

export const edgeRuntime: Device = {
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

const CHROMIUM = '/usr/bin/chromium'

/**
 * A browser, without the rule that a page's requests go to its own origin or where they are let: it is about who may ask, which the
 * server of the contract suite does not say, and not about how.
 */
export const chromium: Device = {
  name: 'Chromium',
  needs: [CHROMIUM],
  installedBy: 'apt-get install chromium',
  start: ({ imported: prelude, results }) => ({
    files: {
      'main.mjs': `
        ${prelude}
        ${results}.then((results) => fetch('/results', { method: 'POST', body: JSON.stringify(results) }))`,
      'host.mjs': `
        import { spawn } from 'node:child_process'
        import { readFileSync } from 'node:fs'
        import { createServer } from 'node:http'
        import { text } from 'node:stream/consumers'
        const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/bundle.mjs"></script>'
        const host = createServer(async (request, response) => {
          if (request.url === '/bundle.mjs') {
            return response.setHeader('content-type', 'text/javascript').end(readFileSync('bundle.mjs'))
          }
          if (request.url !== '/results') return response.setHeader('content-type', 'text/html').end(page)
          console.log(await text(request))
          response.end()
          browser.kill('SIGKILL')
          host.close()
          host.closeAllConnections()
        })
        await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve))
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-web-security', '--user-data-dir=profile']
        const browser = spawn('${CHROMIUM}', [...flags, 'http://127.0.0.1:' + host.address().port + '/'], { stdio: 'ignore' })`,
    },
    prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
    command: [process.execPath, 'host.mjs'],
  }),
}

/** Jest knows neither `module-sync` nor ESM, so that it gets the CommonJS build. */
export function jest(name: string, conditions?: readonly string[]): Device {
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
