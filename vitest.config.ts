import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url))

/** Tests and examples import the package by its name and get its source. */
const alias = [
  { find: /^punctual$/, replacement: source('index.ts') },
  { find: /^punctual\/(.+)$/, replacement: source('$1.ts') },
]

/** The examples import frameworks as a user's code does; those are installed beside their tests and nowhere else. */
const frameworks = {
  name: 'frameworks',
  enforce: 'pre',
  resolveId(this: PluginContext, specifier: string, importer: string | undefined) {
    if (!importer?.includes('/examples/servers/') || /^(\.|\/|node:|punctual)/.test(specifier)) return null
    return this.resolve(specifier, fileURLToPath(new URL('test/frameworks/package.json', import.meta.url)), {
      skipSelf: true,
    })
  },
} as const

interface PluginContext {
  resolve(specifier: string, importer: string, options: { skipSelf: boolean }): Promise<{ id: string } | null>
}

const config: ViteUserConfig = {
  test: {
    // vitest leaves one processor idle, which of two is half.
    maxWorkers: '100%',
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          // What hangs, hangs for ever; what has work to do takes its time on a busy machine.
          testTimeout: 20_000,
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/{contract,frameworks,integration,package,runtimes,sdks}/**'],
        },
      },
      // Programs of the machine that the tests start themselves (nginx); `.ci/run` installs them.
      { resolve: { alias }, test: { name: 'integration', include: ['test/integration/**/*.test.ts'] } },
      // Decorators are NestJS' own, of the older kind. One file after another: Next.js takes all processors to build its app, and what
      // the others test has short limits. That app has the packed tarball; it needs a build.
      {
        resolve: { alias },
        plugins: [frameworks],
        oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
        test: { name: 'frameworks', include: ['test/frameworks/*.test.ts'], fileParallelism: false },
      },
      // Other people's SDKs, in a workspace of their own; `.ci/run` installs them, and what is not installed is skipped.
      {
        resolve: { alias },
        test: { name: 'sdks', include: ['test/sdks/*.test.ts'], testTimeout: 10_000 },
      },
      // The packed tarball, as a stranger meets it: no alias; needs a build.
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      // The packed tarball in every runtime and through every bundler of `test/runtimes`; needs a build.
      { test: { name: 'contract', include: ['test/contract/*.test.ts'], testTimeout: 120_000, hookTimeout: 180_000 } },
    ],
    passWithNoTests: true,
    coverage: { include: ['src/**/*.ts'], reporter: ['text', 'json-summary'] },
  },
}

export default config
