import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url))

/** Tests and examples import the package by its name and get its source. */
const alias = [
  { find: /^punctual$/, replacement: source('index.ts') },
  { find: /^punctual\/(.+)$/, replacement: source('$1.ts') },
]

const config: ViteUserConfig = {
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/{integration,package,runtimes}/**'],
        },
      },
      // Programs of the machine that the tests start themselves (nginx); `.ci/run` installs them.
      { resolve: { alias }, test: { name: 'integration', include: ['test/integration/**/*.test.ts'] } },
      // The packed tarball, as a stranger meets it: no alias; needs a build.
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
    passWithNoTests: true,
    coverage: { include: ['src/**/*.ts'], reporter: ['text', 'json-summary'] },
  },
}

export default config
