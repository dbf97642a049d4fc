import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IMPORTED = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(["'])([^"']+)\1/g

/** A built entry with all its chunks, as one text, and the outside modules that they load. */
function bundle(entry: string): { readonly text: string; readonly outside: readonly string[] } {
  const seen = new Set<string>()
  const outside = new Set<string>()
  let text = ''
  const load = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const code = readFileSync(join(ROOT, 'dist', file), 'utf8')
    text += code
    for (const [, , specifier = ''] of code.matchAll(IMPORTED)) {
      if (specifier.startsWith('./')) load(specifier.slice(2))
      else outside.add(specifier)
    }
  }
  load(entry)
  return { text, outside: [...outside].toSorted() }
}

/** Every file that the exports map names, with the conditions that lead to it. */
function targets(
  value: unknown,
  conditions: readonly string[] = [],
): readonly { file: string; conditions: string[] }[] {
  if (typeof value === 'string') return [{ file: value.replace('./dist/', ''), conditions: [...conditions] }]
  return Object.entries(value as object).flatMap(([key, inner]) => targets(inner, [...conditions, key]))
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: object
  'size-limit': readonly { path: string }[]
}
const { exports } = manifest
const CODE = targets(exports).filter(({ conditions }) => conditions.at(-1) === 'default')
const WITHOUT_NODE = ['workerd', 'edge-light', 'bun', 'browser']
const filesOf = (leaves: readonly { file: string }[]): readonly string[] => [...new Set(leaves.map(({ file }) => file))]
const EDGE = filesOf(CODE.filter(({ conditions }) => WITHOUT_NODE.includes(conditions[1] ?? '')))

it('leads every runtime that is not Node to a build for it', () => {
  const lacking = Object.entries(exports).filter(([, map]) => !WITHOUT_NODE.every((name) => name in (map as object)))
  expect(lacking.map(([path]) => path)).toEqual([])
  expect(EDGE).toContain('edge.js')
})

it('holds every entry below a size', () => {
  const held = new Set(manifest['size-limit'].map(({ path }) => path.replace('dist/', '')))
  expect(filesOf(CODE).filter((file) => file.endsWith('.js') && !held.has(file))).toEqual([])
})

describe.each(EDGE)('the edge bundle %s', (entry) => {
  const { text, outside } = bundle(entry)

  it('loads nothing that only Node has', () => {
    expect(outside.filter((name) => name !== 'p-retry' && name !== 'p-timeout')).toEqual([])
  })

  // `punctual/server` looks a module of Node's up where there is one, which no bundler follows.
  it.each([/\bundici\/lib/, /\bBuffer\b/, /(?<!\.getBuiltinModule\?\.\(['"])\bnode:/, /AbortSignal\.(any|timeout)/])(
    'does not say %s',
    (word) => {
      expect(text).not.toMatch(word)
    },
  )
})

describe.each(['server.js', 'server.cjs'])('the bundle %s for every runtime', (entry) => {
  const { outside } = bundle(entry)

  it('loads nothing that only Node has', () => {
    expect(outside.filter((name) => name !== 'p-retry' && name !== 'p-timeout')).toEqual([])
  })
})

const ENTRIES = ['index', 'edge', 'fetch', 'fetch-edge', 'server'].flatMap((name) => [`${name}.js`, `${name}.cjs`])

describe.each(ENTRIES)('the bundle %s', (entry) => {
  const { text, outside } = bundle(entry)

  it('loads only dependencies and Node', () => {
    expect(outside.filter((name) => !/^(node:|undici(\/|$)|p-retry$|p-timeout$)/.test(name))).toEqual([])
  })

  it('carries the ESM-only dependencies where it is CommonJS', () => {
    expect(entry.endsWith('.cjs') && outside.some((name) => name.startsWith('p-'))).toBe(false)
  })

  it('says nothing of where it was built', () => {
    expect(text.includes(ROOT)).toBe(false)
  })
})
