import { readFileSync, writeFileSync } from 'node:fs'

interface LockedPackage {
  readonly version: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly dev?: boolean
}

interface Lockfile {
  packages: Record<string, LockedPackage>
}

/** A package of another platform that the lockfile does not name. */
interface Missing {
  readonly path: string
  readonly name: string
  readonly version: string
}

/** The folders that are installed each by itself. */
export const INSTALLED: readonly string[] = ['.', 'test/frameworks', 'test/runtimes', 'test/schemas', 'test/sdks']
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const file = (folder: string): URL => new URL(`../../${folder}/package-lock.json`, import.meta.url)

export function readLockfile(folder: string): Lockfile {
  return JSON.parse(readFileSync(file(folder), 'utf8')) as Lockfile
}

/** The optional dependencies that have no entry where Node would look for them. */
export function missingPackages({ packages }: Lockfile): readonly Missing[] {
  const missing: Missing[] = []
  for (const [owner, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const found = places(owner).find((place) => packages[place + name] !== undefined)
      const fits = found !== undefined && (packages[found + name]?.version === version || !/^\d/.test(version))
      if (fits) continue
      const path = (found === undefined ? 'node_modules/' : `${owner}/node_modules/`) + name
      missing.push({ path, name, version })
    }
  }
  return missing
}

/** The folders that Node searches from a package, the nearest first. */
function places(owner: string): readonly string[] {
  const inner = [...owner.matchAll(/(?<=^|\/)node_modules\/(?:@[^/]+\/)?[^/]+/g)]
  const outward = inner.map((match) => `${owner.slice(0, match.index + match[0].length)}/node_modules/`)
  return ['node_modules/', ...outward].toReversed()
}

/**
 * Tools with native parts name one optional package per platform. npm leaves those out of the lockfile that its registry does not
 * offer, and then `npm ci` refuses that lockfile. This names them, with the platform that their name says.
 */
function complete(folder: string): void {
  const lockfile = readLockfile(folder)
  for (const { path, name, version } of missingPackages(lockfile)) {
    const words = name.split(/[/-]/)
    const os = SYSTEMS.filter((system) => words.includes(system))
    const cpu = PROCESSORS.filter((processor) => words.includes(processor))
    if (os.length + cpu.length === 0) throw new Error(`${name} does not say its platform`)
    const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') || words.includes('glibc') ? ['glibc'] : []
    const platform = { ...(cpu.length && { cpu }), ...(libc.length && { libc }), ...(os.length && { os }) }
    lockfile.packages[path] = { version, dev: true, optional: true, ...platform } as LockedPackage
  }
  const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  lockfile.packages = Object.fromEntries(sorted)
  writeFileSync(file(folder), `${JSON.stringify(lockfile, null, 2)}\n`)
}

if (import.meta.main) for (const folder of INSTALLED) complete(folder)
