import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import builds from '../../tsup.config.ts'
import { packedStranger, type Stranger } from '../support/tarball.ts'

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const ENTRIES = Object.keys(builds[0]?.entry ?? {})
/** Built as files of their own for bundlers, but no entry points. */
const PARTS = ['read-events']
const SUFFIXES = ['.cjs', '.d.cts', '.d.ts', '.js']

let stranger: Stranger
beforeAll(() => {
  stranger = packedStranger()
})
afterAll(() => stranger.remove())

/** Every file that the exports map names. */
function targets(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Object.values(value as object).flatMap(targets)
}

describe('the tarball', () => {
  it('holds the entries and nothing unexpected', () => {
    // Chunks carry a hash of their content in their names: they are checked through the files that import them.
    const chunk = /^dist\/[\w-]+-[\w-]{8}\.(js|cjs|d\.ts|d\.cts)$/
    const pages = /^(docs\/[\w-]+\.md|examples\/(servers\/[\w-]+|own-provider|bedrock-sigv4)\.ts)$/
    const named = stranger.files.filter((file) => !chunk.test(file) && !pages.test(file))
    const entries = ENTRIES.flatMap((entry) => SUFFIXES.map((suffix) => `dist/${entry}${suffix}`))
    expect(named).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...entries].toSorted())
  })

  it('holds every file that its pages link to', () => {
    const pages = stranger.files.filter((file) => file.endsWith('.md'))
    const links = pages.flatMap((page) => {
      const text = readFileSync(join(stranger.folder, 'node_modules/punctual', page), 'utf8')
      return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = '']) =>
        posix.join(posix.dirname(page), link),
      )
    })
    expect(links).toContain('docs/tool-loop.md')
    expect(links.filter((link) => !stranger.files.includes(link))).toEqual([])
  })

  it('holds no chunk that nothing imports', () => {
    const texts = stranger.files
      .filter((file) => file.startsWith('dist/'))
      .map((file) => [file, readFileSync(join(stranger.folder, 'node_modules/punctual', file), 'utf8')] as const)
    const chunks = texts.filter(([file]) => !ENTRIES.some((entry) => new RegExp(`^dist/${entry}\\.`).test(file)))
    const unused = chunks.filter(([chunk]) => {
      // A declaration is imported by the name of the code that it stands for.
      const name = chunk.replace(/^dist\//, './').replace(/\.d\.(c?)ts$/, '.$1js')
      return !texts.some(([file, text]) => file !== chunk && text.includes(name))
    })
    expect(unused.map(([chunk]) => chunk)).toEqual([])
  })

  it('offers every entry through the exports map, in both formats', () => {
    const named = new Set(targets(manifest.exports).map((target) => target.replace(/^\.\//, '')))
    expect([...named].toSorted()).toEqual(
      ENTRIES.filter((entry) => !PARTS.includes(entry))
        .flatMap((entry) => SUFFIXES.map((suffix) => `dist/${entry}${suffix}`))
        .toSorted(),
    )
  })
})

describe('an installed package', () => {
  it('gives import and require the same class', () => {
    const code = `
      import { createRequire } from 'node:module'
      import { CompletionError } from 'punctual'
      const required = createRequire(import.meta.url)('punctual')
      console.log(required.CompletionError === CompletionError)`
    expect(stranger.run('same.mjs', code)).toBe('true\n')
  })

  it('gives its error the name that it has in the source', () => {
    const code = `
      import { CompletionError } from 'punctual'
      const restored = CompletionError.fromJSON({ code: 'network', message: 'network: down', retryable: true, sent: false, metadata: {}, attempts: [] })
      console.log(CompletionError.name, String(restored), restored instanceof CompletionError)`
    expect(stranger.run('name.mjs', code)).toBe('CompletionError CompletionError: network: down true\n')
  })

  it('recognises errors across its two builds', () => {
    const code = `
      import { createRequire } from 'node:module'
      import { isCompletionError } from 'punctual'
      const { CompletionError } = createRequire(import.meta.url)('./node_modules/punctual/dist/index.cjs')
      const error = new CompletionError({ code: 'network', message: 'network' })
      console.log(isCompletionError(error))`
    expect(stranger.run('builds.mjs', code)).toBe('true\n')
  })

  it('has one guard for what createFetch throws, across its entries and formats', () => {
    const code = `
      import { createRequire } from 'node:module'
      import { isCompletionError } from 'punctual'
      const { createFetch, unwrapError } = createRequire(import.meta.url)('./node_modules/punctual/dist/fetch.cjs')
      const error = await createFetch({ retry: false })('http://127.0.0.1:1/').catch((thrown) => thrown)
      console.log(isCompletionError(error), isCompletionError(unwrapError({ cause: error })))`
    expect(stranger.run('guard.mjs', code)).toBe('true true\n')
  })

  it.each(ENTRIES)('exports the same names from both builds of %s', (entry) => {
    const code = `
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const names = (value) => Object.keys(value).filter((name) => !['default', 'module.exports', '__esModule'].includes(name)).sort()
      const of = (suffix) => names(require('./node_modules/punctual/dist/${entry}' + suffix))
      console.log(JSON.stringify([of('.js'), of('.cjs')]))`
    const [esm, cjs] = JSON.parse(stranger.run('names.mjs', code)) as [string[], string[]]
    expect(cjs).toEqual(esm)
    expect(esm.length).toBeGreaterThan(0)
  })

  it('exports the same names from its edge build', () => {
    const code = `
      import * as node from './node_modules/punctual/dist/index.js'
      import * as edge from './node_modules/punctual/dist/edge.js'
      console.log(JSON.stringify([Object.keys(node), Object.keys(edge)]))`
    const [node, edge] = JSON.parse(stranger.run('edge.mjs', code)) as [string[], string[]]
    expect(edge).toEqual(node)
    expect(edge).toContain('isCompletionError')
  })

  it.each(Object.keys(manifest.exports))('can be imported and required as %s', (path) => {
    const specifier = path.replace(/^\./, 'punctual')
    expect(stranger.run('entry.mjs', `import * as all from '${specifier}'\nconsole.log(typeof all)`)).toBe('object\n')
    expect(stranger.run('entry.cjs', `console.log(typeof require('${specifier}'))`)).toBe('object\n')
  })

  it.each(['workerd', 'edge-light', 'bun', 'browser'])('leads %s to the edge builds', (condition) => {
    const code = `
      const nameOf = (entry) => import.meta.resolve(entry).split('/').at(-1)
      console.log(nameOf('punctual'), nameOf('punctual/fetch'))`
    expect(stranger.run('resolve.mjs', code, [`--conditions=${condition}`])).toBe('edge.js fetch-edge.js\n')
  })

  it('hides every path that the exports map does not name', () => {
    const offered = new Set(Object.keys(manifest.exports).map((path) => path.slice(2)))
    // Each of its files, by its path and by its bare name, and what its source files are called.
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    const bare = [...stranger.files.map((file) => file.replace(/^dist\//, '')), ...sources]
    const paths = [
      ...stranger.files,
      ...bare,
      ...bare.map((file) => file.replace(/\.(d\.)?[cm]?[jt]s$/, '')),
      'internal',
    ]
    const code = `
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const open = []
      for (const path of ${JSON.stringify([...new Set(paths)].filter((path) => !offered.has(path)))}) {
        for (const [how, load] of [['import', (name) => import(name)], ['require', async (name) => require(name)]]) {
          const code = await load('punctual/' + path).then(() => 'nothing', (error) => error.code)
          if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') open.push(how + ' ' + path + ': ' + code)
        }
      }
      console.log(JSON.stringify(open))`
    expect(JSON.parse(stranger.run('hidden.mjs', code))).toEqual([])
  })

  it.each([
    ['import', 'quiet.mjs', `await import('punctual')`],
    ['require', 'quiet.cjs', `require('punctual')`],
  ])('changes no global by %s', (_, name, load) => {
    const seen = `JSON.stringify(Reflect.ownKeys(globalThis).map(String))`
    const code = `const before = ${seen}\n${load}\nconsole.log(before === ${seen})`
    expect(stranger.run(name, code)).toBe('true\n')
  })
})
