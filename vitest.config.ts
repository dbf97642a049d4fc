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
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/{integration,package,runtimes,sdks}/**'] },
      },
      // Programs of the machine that the tests start themselves (nginx); `.ci/run` installs them.
      { resolve: { alias }, test: { name: 'integration', include: ['test/integration/**/*.test.ts'] } },
      // Other people's SDKs, in a workspace of their own; `.ci/run` installs them, and what is not installed is skipped.
      {
        resolve: { alias },
        test: { name: 'sdks', include: ['test/sdks/*.test.ts'], testTimeout: 10_000 },
      },
      // The packed tarball, as a stranger meets it: no alias; needs a build.
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
    ],
    passWithNoTests: true,
    coverage: { include: ['src/**/*.ts'], reporter: ['text', 'json-summary'] },
  },
}

export default config
