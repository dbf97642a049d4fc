import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What the package installs besides itself; linked from the repository's own tree, so that no registry is asked. */
const DEPENDENCIES = ['p-retry', 'p-timeout', 'undici']

/** A project of a stranger's that has installed the packed tarball. */
export interface Stranger {
  readonly folder: string
  /** The tarball's files, sorted, without the `package/` prefix. */
  readonly files: readonly string[]
  /** Runs JavaScript in the project as a file of the given name, on this Node or another, and returns what it printed. */
  run(name: string, code: string, nodeArguments?: readonly string[], binary?: string): string
  remove(): void
}

/** Packs what has been built (`npm run build` comes first) and installs it beside its dependencies in an empty folder. */
export function packedStranger(): Stranger {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-package-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'punctual'), { recursive: true })
  execFileSync('npm', ['pack', '--pack-destination', folder, '--ignore-scripts'], { cwd: ROOT, stdio: 'pipe' })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack wrote no tarball')
  const listed = execFileSync('tar', ['-tzf', join(folder, tarball)], { encoding: 'utf8' })
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', join(modules, 'punctual'), '--strip-components=1'])
  for (const name of DEPENDENCIES) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))

  const start = (
    name: string,
    code: string,
    nodeArguments: readonly string[] = [],
    binary: string = process.execPath,
  ) => {
    const file = join(folder, name)
    writeFileSync(file, code)
    return spawnSync(binary, [...nodeArguments, file], { cwd: folder, encoding: 'utf8', timeout: 20_000 })
  }
  return {
    folder,
    files: listed
      .trim()
      .split('\n')
      .map((line) => line.replace(/^package\//, ''))
      .toSorted(),
    run(name, code, nodeArguments, binary) {
      const { status, stdout, stderr } = start(name, code, nodeArguments, binary)
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`)
      return stdout
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
