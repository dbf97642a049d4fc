import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The Nodes of this machine that a test may start: the one it runs on, and the other supported versions where they are installed
 * (`npm ci --prefix test/runtimes`).
 */
export const binaries: readonly string[] = [
  process.execPath,
  ...['node22', 'node26']
    .map((name) => fileURLToPath(new URL(`../runtimes/node_modules/${name}/bin/node`, import.meta.url)))
    .filter((path) => existsSync(path) && path !== process.execPath),
]
