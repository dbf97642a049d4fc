import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { nextWait } from '../src/attempt/backoff.ts'
import { BARE, type RetryPolicy, resolveSettings } from '../src/call/resolve-options.ts'
import type { Code } from '../src/vocabulary/errors.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** Every member of the option types with its documentation; those of Options under their bare names. */
function documentedMembers(): ReadonlyMap<string, string> {
  const tree = ts.createSourceFile('options.ts', read('src/vocabulary/options.ts'), ts.ScriptTarget.Latest, true)
  const members = new Map<string, string>()
  const prefixes: Readonly<Record<string, string>> = { TimeoutOptions: 'timeout.', RetryOptions: 'retry.', Options: '' }
  for (const statement of tree.statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue
    const prefix = prefixes[statement.name.text]
    if (prefix === undefined) continue
    for (const member of statement.members) {
      const docs = ts.getJSDocCommentsAndTags(member).map((comment) => comment.getText(tree))
      members.set(`${prefix}${member.name?.getText(tree)}`, docs.join(' '))
    }
  }
  return members
}

/** What the table of the README says of each option's default. */
function tableOfReadme(): ReadonlyMap<string, string> {
  const rows = read('README.md').matchAll(/^\| `(?<name>[\w.]+)` \| (?<default>[^|]*) \|/gm)
  return new Map([...rows].map(({ groups }) => [groups?.['name'] ?? '', groups?.['default']?.trim() ?? '']))
}

/** The bound of a wait without jitter: the first, or one after so many retries that it grows no more. */
function bound(code: Code, retries: number): number {
  const policy = { ...resolveSettings(BARE).policy, jitter: 'none' } as RetryPolicy
  const left = { remaining: Infinity, total: Infinity, previousDelay: 0, retryAfterMs: undefined, random: () => 1 }
  const wait = nextWait(policy, { code, retries, ...left })
  return wait.kind === 'wait' ? wait.delay : Number.NaN
}

const { limits, policy, layer } = resolveSettings(BARE)
const DEFAULTS: readonly (readonly [name: string, value: unknown])[] = [
  ['timeout.total', limits.total],
  ['timeout.attempt', limits.attempt],
  ['timeout.connect', limits.connect],
  ['timeout.headers', limits.headers],
  ['timeout.firstToken', limits.firstToken],
  ['timeout.idle', limits.idle],
  ['retry.maxRetries', policy?.maxRetries],
  ['retry.baseDelay', bound('network', 0)],
  ['retry.maxDelay', bound('network', 100)],
  ['retry.factor', policy?.factor],
  ['retry.jitter', policy?.jitter],
  ['retry.maxRetryAfter', policy?.maxRetryAfter],
  ['wire', layer.wire],
  ['rawEvents', layer.rawEvents],
  ['maxResponseBytes', layer.maxResponseBytes],
]

/** The first value that a text names. */
function valueIn(text: string): unknown {
  const value = /^(?:'(?<word>[^']*)'|(?<number>[\d_]+)|(?<none>none)|(?<flag>true|false))/.exec(text)?.groups
  if (value?.['none'] !== undefined) return Infinity
  if (value?.['flag'] !== undefined) return value['flag'] === 'true'
  return value?.['word'] ?? Number(value?.['number']?.replaceAll('_', ''))
}

describe('the documentation of the options', () => {
  const members = documentedMembers()
  const table = tableOfReadme()

  it.each(DEFAULTS)('quotes the default of %s', (name, value) => {
    expect(valueIn(/@defaultValue (?<text>[^*]+)/.exec(members.get(name) ?? '')?.groups?.['text'] ?? '')).toBe(value)
  })

  it.each(DEFAULTS)('tells the default of %s in the README', (name, value) => {
    expect(valueIn(table.get(name)?.replaceAll('`', '') ?? '')).toBe(value)
  })

  it('quotes the longer waits of crowded servers', () => {
    expect(members.get('retry.baseDelay')).toContain(`${bound('rate_limit', 0)}`.replace(/000$/, '_000'))
    expect(members.get('retry.maxDelay')).toContain(`${bound('overloaded', 100)}`.replace(/000$/, '_000'))
  })

  it('says something of every member', () => {
    expect([...members].filter(([, doc]) => doc === '')).toEqual([])
  })

  it('names every option in the README', () => {
    const readme = read('README.md')
    expect([...members.keys()].filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  })
})
