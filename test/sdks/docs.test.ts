import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure } from '../support/chat.ts'
import { type CodeBlock, codeBlocks } from '../support/code-blocks.ts'
import { type FaultServer, faultServer } from '../support/fault-server.ts'
import { WIRES } from './wire-answers.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(HERE, '../..')
/** Beside the SDKs, so that blocks find them as a user's code does. */
const FOLDER = join(HERE, '.tmp')
const COMPILER = join(ROOT, 'node_modules/typescript7/bin/tsc')
const run = promisify(execFile)

interface Recipe {
  readonly block: CodeBlock
  readonly file: string
  readonly output: string | undefined
  readonly missing: readonly string[]
}

const blocks = codeBlocks('docs/sdks.md', readFileSync(join(ROOT, 'docs/sdks.md'), 'utf8'))
const recipes: readonly Recipe[] = blocks.flatMap((block, at) => {
  if (block.language !== 'ts') return []
  const next = blocks[at + 1]
  const packages = [...block.code.matchAll(/from '((?:@[^/']+\/)?[^/']+)/g)].map(([, name = '']) => name)
  const missing = packages.filter((name) => name !== 'punctual' && !existsSync(join(HERE, 'node_modules', name)))
  const file = join(FOLDER, `${block.place.replaceAll(/\W+/g, '-')}.mts`)
  return [{ block, file, output: next?.marker.output ? next.code : undefined, missing }]
})
const rows = recipes.map((recipe) => [recipe.block.place, recipe] as const)

/** Answers every wire that it is asked on, with the given status. */
const provider = (status: number): Promise<FaultServer> =>
  faultServer((exchange) => {
    const { path, body } = exchange.request
    const wire = Object.values(WIRES).find((each) => each.path.test(path))
    if (!wire) return exchange.respond('', { status: 404 })
    if (status !== 200) return exchange.json(failure('Slow down', 'rate_limit_error'), { status })
    if (!body.includes('"stream":true')) return exchange.json(wire.document)
    return exchange.respond(wire.begin + wire.rest, { headers: { 'content-type': wire.mediaType } })
  })

let diagnostics = ''
beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const { block, file, missing } of recipes) {
    if (missing.length === 0) writeFileSync(file, `${block.code}\nexport {}\n`)
  }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', include: ['*.mts'] }))
  diagnostics = await run(process.execPath, [COMPILER, '--pretty', 'false', '-p', FOLDER], { cwd: FOLDER }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
}, 60_000)
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

describe('the recipes for SDKs', () => {
  it.for(rows)('type-check at %s', ([, { file, missing }], { skip }) => {
    if (missing.length > 0) skip(`${missing.join(', ')} not installed: npm ci --prefix test/sdks`)
    const name = file.slice(FOLDER.length + 1)
    expect(diagnostics.split('\n').filter((line) => line.startsWith(name))).toEqual([])
  })

  it.for(rows.filter(([, { block }]) => !block.marker.typesOnly))('run at %s', async ([, recipe], { skip }) => {
    const { block, file, output, missing } = recipe
    if (missing.length > 0) skip(`${missing.join(', ')} not installed: npm ci --prefix test/sdks`)
    await using server = await provider(block.marker.status)
    const env = {
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'test-key',
      OPENAI_BASE_URL: `${server.origin}/v1`,
      ANTHROPIC_API_KEY: 'test-key',
      // The SDK wants it without the version; the AI SDK's provider, which no recipe runs, with it.
      ANTHROPIC_BASE_URL: server.origin,
    }
    const flags = ['--disable-warning=ExperimentalWarning', '--import', join(ROOT, 'test/support/from-source.ts')]
    const { stdout, stderr } = await run(process.execPath, [...flags, file], { cwd: HERE, env, timeout: 20_000 })
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe(output?.trim())
  })
})
