import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import builds from '../tsup.config.ts'
import { EDGE_ENTRIES, LAYERS, OUTSIDE } from './support/layers.ts'
import { sourceFiles } from './support/source-files.ts'

const files = sourceFiles()
const entries = Object.values(builds[0]?.entry ?? {}).map((file: string) => file.replace(/^src\//, ''))
const byName = new Map(files.map((file) => [file.name, file]))
const layerOf = new Map(LAYERS.flatMap((layer, depth) => layer.map((name) => [name, depth] as const)))
const imports = files.flatMap((file) => file.imports.map((target) => ({ from: file.name, ...target })))

/** The files whose code is loaded with the given ones; with `types`, also those that they only take types from. */
function reach(from: readonly string[], types: boolean): ReadonlySet<string> {
  const seen = new Set<string>()
  const queue = [...from]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    for (const { file, typeOnly } of byName.get(name)?.imports ?? []) {
      if (file !== undefined && (types || !typeOnly)) queue.push(file)
    }
  }
  return seen
}

function packageOf(specifier: string): string {
  const [first = '', second] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

describe('the order of the source', () => {
  it('names every source file in exactly one layer', () => {
    expect(LAYERS.flat().toSorted()).toEqual(files.map((file) => file.name))
  })

  it('lets values come only from lower layers', () => {
    const upward = imports.filter(({ from, file, typeOnly }) => {
      if (file === undefined) return false
      const distance = (layerOf.get(file) ?? -1) - (layerOf.get(from) ?? 0)
      return typeOnly ? distance < 0 : distance <= 0
    })
    expect(upward.map(({ from, file }) => `${from} imports ${file}`)).toEqual([])
  })

  it('lets folders, too, depend one way', () => {
    const folders = LAYERS.flat().flatMap((name) => (name.includes('/') ? [name.slice(0, name.indexOf('/'))] : []))
    const groups = folders.filter((folder, index) => folder !== folders[index - 1])
    expect(groups).toEqual([...new Set(folders)])
  })

  it('reaches every source file from an entry point', () => {
    const reached = reach(entries, true)
    expect(files.map((file) => file.name).filter((name) => !reached.has(name))).toEqual([])
  })
})

describe('the outside', () => {
  it('imports each outside package where it belongs', () => {
    const folder = (name = '') => name.slice(0, name.lastIndexOf('/'))
    const strangers = imports.filter(({ from, file, specifier, typeOnly }) => {
      if (file !== undefined || specifier.startsWith('node:')) return false
      const importer = OUTSIDE[packageOf(specifier)]
      return typeOnly ? folder(importer) !== folder(from) : importer !== from
    })
    expect(strangers.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([])
  })

  it('lists exactly the dependencies of package.json', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(Object.keys(manifest.dependencies)).toEqual(Object.keys(OUTSIDE).toSorted())
  })

  it('keeps Node out of the edge build', () => {
    const reached = [...reach(EDGE_ENTRIES, false)]
    const needs = reached.flatMap((name) => {
      const file = byName.get(name)
      const builtins =
        file?.imports.filter(({ specifier, typeOnly }) => !typeOnly && /^(node:|undici)/.test(specifier)) ?? []
      const buffers = file?.bufferLines.map((line) => `${name}:${line} uses Buffer`) ?? []
      return [...builtins.map(({ specifier }) => `${name} imports ${specifier}`), ...buffers]
    })
    expect(needs).toEqual([])
  })
})

describe('the text of the source', () => {
  it('never says any', () => {
    expect(files.flatMap((file) => file.anyLines.map((line) => `${file.name}:${line}`))).toEqual([])
  })

  it('never derives a signal by the static members of AbortSignal', () => {
    // `any` is missing in edge-runtime and keeps listeners on long-lived signals; `timeout` cannot be driven by fake timers.
    expect(files.flatMap((file) => file.signalLines.map((line) => `${file.name}:${line}`))).toEqual([])
  })

  it('keeps files short enough to read', () => {
    expect(files.filter((file) => file.lines > 320).map((file) => `${file.name}: ${file.lines} lines`)).toEqual([])
  })
})
