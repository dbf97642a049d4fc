import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the runtimes and the bundlers are installed (`npm ci --prefix test/runtimes`). */
export const RUNTIMES: string = fileURLToPath(new URL('../runtimes', import.meta.url))

/** A file of what is installed there. */
export const installed = (path: string): string => join(RUNTIMES, 'node_modules', path)

export const HAS_RUNTIMES: boolean = existsSync(join(RUNTIMES, 'node_modules'))

/** A program to be tried: how it loads what it needs, in either format, and an expression that becomes its results. */
export interface Program {
  readonly imported: string
  /** `specifier` says by what name an entry of the package is required. */
  required(specifier: (entry: string) => string): string
  readonly results: string
}

/** What is started to run a program. */
export interface Start {
  readonly command: readonly string[]
  /** Files of a folder of its own within the project of a stranger. */
  readonly files: Readonly<Record<string, string>>
  /** Done in that folder when the files are there. */
  readonly prepare?: (folder: string) => Promise<unknown>
}

/** A runtime, a way of loading the package in it, or a bundler. It prints the program's results as one line of JSON. */
export interface Device {
  readonly name: string
  /** Without these it is left out. */
  readonly needs: readonly string[]
  /** How they are installed. @defaultValue `npm ci --prefix test/runtimes` */
  readonly installedBy?: string
  /** Whether a program may both import and require there. */
  readonly mixes?: true
  start(program: Program): Start
}

/** How an entry is required: by its name, or as the CommonJS build that Node itself passes by. */
export const byName = (entry: string): string => entry
export const ofCommonJS = (entry: string): string =>
  `../node_modules/punctual/dist/${entry === 'punctual' ? 'index' : entry.replace('punctual/', '')}.cjs`

const print = ({ results }: Program): string => `${results}.then((results) => console.log(JSON.stringify(results)))`
/** The whole program, as an ES module and in CommonJS. */
export const imported = (program: Program): string => `${program.imported}\n${print(program)}`
export const required = (program: Program, specifier: (entry: string) => string = byName): string =>
  `${program.required(specifier)}\n${print(program)}`

/** What of a device is not here. */
export const missing = ({ needs }: Device): readonly string[] => needs.filter((path) => !existsSync(path))
