import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedStranger, type Stranger } from '../support/tarball.ts'
import { bundle } from './bundlers.ts'
import { type Device, HAS_RUNTIMES, type Program } from './device.ts'
import { DEVICES } from './devices.ts'
import { isAbsent, runOn } from './run-on.ts'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { exports: object }
const ENTRIES = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'punctual'))

let stranger: Stranger
beforeAll(() => {
  if (HAS_RUNTIMES) stranger = packedStranger()
})
afterAll(() => stranger?.remove())

/** Where no context can follow a call, which `withRequest` says. */
const CONTEXTLESS = ['workerd', "Vercel's edge runtime", 'Chromium']

/** Compares everything loaded with everything else, and names what is not one and the same. */
const COMPARE = `
  async function compare(loaded) {
    const apart = []
    let contexts = true
    const request = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] }
    const nowhere = { apiKey: 'key', baseURL: 'http://127.0.0.1:9/v1' }
    const past = { request: new Request('http://localhost/'), deadline: 1 }
    for (const [a, one] of Object.entries(loaded)) {
      for (const [b, other] of Object.entries(loaded)) {
        const differ = Object.keys(one).filter(
          (name) => !['default', 'module.exports', '__esModule'].includes(name) && name in other && one[name] !== other[name],
        )
        if (differ.length > 0) apart.push(a + ', ' + b + ': ' + differ)
        if (one.CompletionError && other.isCompletionError) {
          const error = new one.CompletionError({ code: 'network', message: 'network' })
          if (!other.isCompletionError(error)) apart.push(a + ', ' + b + ': the guard')
        }
        if (one.setDefaultClient && other.complete) {
          const mine = Promise.resolve('mine')
          const before = one.setDefaultClient({ complete: () => mine })
          if (other.complete(request) !== mine) apart.push(a + ', ' + b + ': the default client')
          one.setDefaultClient(before)
        }
        if (one.withRequest && other.createClient) {
          const client = other.createClient({ provider: other.openai(nowhere), retry: false })
          const inside = () => client.complete(request)
          const error = await Promise.resolve().then(() => one.withRequest(past, inside)).catch((caught) => caught)
          contexts = !/AsyncLocalStorage/.test(error.message)
          if (contexts && error.phase !== 'total') apart.push(a + ', ' + b + ': the ambient context')
        }
      }
    }
    return { apart, contexts, loaded: Object.keys(loaded).length }
  }`

/** Loads every entry; where both can be done, by import and by require. */
function program({ mixes }: Device): Program {
  const names = ENTRIES.map((entry, index) => `'${entry}': entry${index}`)
  const again = mixes ? ENTRIES.map((entry) => `'${entry} required': require('${entry}')`) : []
  const imports = ENTRIES.map((entry, index) => `import * as entry${index} from '${entry}'`)
  const require = `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`
  return {
    imported: [...imports, ...(mixes ? [require] : []), COMPARE].join('\n'),
    required: (specifier) =>
      [...ENTRIES.map((entry, index) => `const entry${index} = require('${specifier(entry)}')`), COMPARE].join('\n'),
    results: `compare({ ${[...names, ...again].join(', ')} })`,
  }
}

describe.skipIf(!HAS_RUNTIMES)('an import and a require in one bundle are one', () => {
  it.each([
    ['esbuild', 'bundle.mjs'],
    ['rollup', 'bundle.mjs'],
    ['webpack', 'bundle.cjs'],
  ] as const)('by %s', async (bundler, bundled) => {
    const folder = mkdtempSync(join(stranger.folder, 'mixed-'))
    writeFileSync(join(folder, 'dependency.cjs'), `module.exports = require('punctual').CompletionError`)
    writeFileSync(
      join(folder, 'main.mjs'),
      `import { CompletionError } from 'punctual'\nimport required from './dependency.cjs'\nconsole.log(required === CompletionError)`,
    )
    await bundle(bundler, folder, { platform: 'node' })
    expect(execFileSync(process.execPath, [join(folder, bundled)], { encoding: 'utf8' })).toBe('true\n')
  })
})

describe.skipIf(!HAS_RUNTIMES)('every two entries share their state', () => {
  for (const device of DEVICES) {
    it.skipIf(isAbsent(device))(`in ${device.name}`, async () => {
      const loaded = ENTRIES.length * (device.mixes ? 2 : 1)
      expect(await runOn(device, stranger.folder, program(device))).toEqual({
        apart: [],
        contexts: !CONTEXTLESS.includes(device.name),
        loaded,
      })
    })
  }
})
