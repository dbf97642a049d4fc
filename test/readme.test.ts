import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CodeBlock, codeBlocks } from './support/code-blocks.ts'
import { type FakeOpenAI, startFakeOpenAI } from './support/fake-openai.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Inside the project, so that blocks find its packages as a user's code does; git, the linter and the formatter ignore it. */
const FOLDER = join(ROOT, '.tmp/code-blocks')
const COMPILER = join(ROOT, 'node_modules/typescript7/bin/tsc')
const FROM_SOURCE = join(ROOT, 'test/support/from-source.ts')
const run = promisify(execFile)

/** Pages whose programs need packages that are not installed here; tested where they are. */
const OTHERS: ReadonlySet<string> = new Set(['sdks.md'])

const docs = existsSync(join(ROOT, 'docs'))
  ? readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  : []
const pages = [
  'README.md',
  ...docs.filter((name) => name.endsWith('.md') && !OTHERS.has(name)).map((name) => `docs/${name}`),
]
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** A block that is a program, made whole by what its marker says. */
interface Program {
  readonly block: CodeBlock
  readonly file: string
  readonly code: string
  /** What the page says that it prints. */
  readonly output: string | undefined
}

const blocks = pages.flatMap((page) => codeBlocks(page, readFileSync(join(ROOT, page), 'utf8')))
const programs = readPrograms(blocks)

function readPrograms(all: readonly CodeBlock[]): readonly Program[] {
  const found: Program[] = []
  for (const block of all) {
    const previous = found.at(-1)
    if (block.marker.output && previous !== undefined) {
      found[found.length - 1] = { ...previous, output: block.code }
      continue
    }
    if (!/^(ts|js|typescript|javascript|tsx|jsx|mjs|mts)$/.test(block.language)) continue
    const start = block.marker.continues ? (previous?.code ?? '') : ''
    // A file without imports or exports would be a script, where names of different blocks collide.
    const code = [start, block.marker.before, block.code, 'export {}', ''].filter(Boolean).join('\n')
    const name = block.place.replaceAll(/[^\w]+/g, '-')
    found.push({ block, file: join(FOLDER, `${name}.mts`), code, output: undefined })
  }
  return found
}

let provider: FakeOpenAI
let diagnostics = ''

beforeAll(async () => {
  provider = await startFakeOpenAI()
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const { file, code } of programs) writeFileSync(file, code)
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: { isolatedDeclarations: false, declaration: false },
  }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ ...settings, include: ['*.mts'] }))
  if (programs.length > 0) {
    const checked = run(process.execPath, [COMPILER, '--pretty', 'false', '-p', FOLDER], { cwd: FOLDER })
    diagnostics = await checked.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    )
  }
}, 60_000)

afterAll(() => provider.close())

const runnable = programs.filter(({ block }) => !block.marker.typesOnly)

describe('the documentation', () => {
  it.each(programs.map((program) => [program.block.place, program] as const))('type-checks at %s', (_, { file }) => {
    const name = file.slice(FOLDER.length + 1)
    expect(diagnostics.split('\n').filter((line) => line.startsWith(name))).toEqual([])
  })

  it('type-checks as a whole', () => {
    // An error of the source is the type check's to report.
    expect(diagnostics.split('\n').filter((line) => /^(?!\.\.\/|\s|$)/.test(line))).toEqual([])
  })

  it.each(runnable.map((program) => [program.block.place, program] as const))('runs at %s', async (_, program) => {
    const nodeArguments = ['--disable-warning=ExperimentalWarning', '--import', FROM_SOURCE, program.file]
    const env = {
      PATH: process.env['PATH'],
      OPENAI_API_KEY: 'test-key',
      OPENAI_BASE_URL: provider.baseURL(program.block.marker.status, program.block.marker.answers),
    }
    const { stdout, stderr } = await run(process.execPath, nodeArguments, { cwd: ROOT, env, timeout: 20_000 })
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe((program.output ?? stdout).trim())
  })

  const commands = blocks
    .filter(({ language }) => /^(sh|bash|shell|console)$/.test(language))
    .flatMap(({ place, code }) => code.split('\n').map((line) => [withoutDecoration(line), place] as const))
    .flatMap(([line, place]) => line.split(/\s*&&\s*/).map((command) => [command, place] as const))
    .filter(([command]) => command !== '')

  it.each(commands)('knows the command `%s` of %s', (command) => {
    expect(known(command)).toBe(true)
  })

  const data = blocks.filter(({ language }) => language === 'json').map((block) => [block.place, block.code] as const)

  it.each(data)('holds valid JSON at %s', (_, code) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow()
  })
})

/** Without prompt, comment and leading variables. */
function withoutDecoration(line: string): string {
  return line
    .replace(/^\$ /, '')
    .replace(/(^|\s+)#.*$/, '')
    .replace(/^(?:[A-Z][A-Z0-9_]*=\S*\s+)+/, '')
    .trim()
}

function known(command: string): boolean {
  const script = /^npm (?:run )?(?<name>[\w:-]+)(?: -- .*)?$/.exec(command)?.groups?.['name']
  if (script !== undefined && script in manifest.scripts) return true
  if (/^npm (ci|(i|install) punctual)$/.test(command)) return true
  const file = /^node (?<file>[\w./-]+)$/.exec(command)?.groups?.['file']
  return file !== undefined && existsSync(join(ROOT, file))
}
