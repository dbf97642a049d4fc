import { gzipSync } from 'node:zlib'
import { type BuildOptions, type BuildResult, build, transform } from 'esbuild'

/**
 * Says what a user's bundle for an edge runtime costs, and what each file adds to it.
 * Run: `node test/support/bundle-cost.ts [name,name…]` with the imported names; without them the edge core's.
 */
const CORE = 'complete, createClient, openai, CompletionError, isCompletionError'

interface Cost {
  readonly file: string
  readonly bytes: number
  /** What the compressed bundle would lose with the file. */
  readonly gzip: number
}

const textOf = ({ outputFiles }: BuildResult): string => outputFiles?.[0]?.text ?? ''
const packed = (code: string): number => gzipSync(code, { level: 9 }).length

async function bundleCost(names: string): Promise<{ total: Cost; files: readonly Cost[] }> {
  const entry: BuildOptions = {
    stdin: { contents: `export { ${names} } from './src/edge.ts'`, resolveDir: `${import.meta.dirname}/../..` },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'import'],
  }
  const [packedOutput, spacedOutput] = await Promise.all([
    build({ ...entry, minify: true }),
    // Whitespace keeps the comments in which esbuild names each file.
    build({ ...entry, minifySyntax: true, minifyIdentifiers: true }),
  ])
  const whole = textOf(packedOutput)
  const pieces = await Promise.all(
    textOf(spacedOutput)
      .replace(/\nexport \{[^}]*\};\s*$/, '')
      .split(/^\/\/ (?=\S+\.[jt]s$)/m)
      .map(async (piece) => {
        const [file = '', ...lines] = piece.split('\n')
        return { file, code: (await transform(lines.join('\n'), { minifyWhitespace: true, charset: 'utf8' })).code }
      }),
  )
  const all = packed(pieces.map(({ code }) => code).join(''))
  const files = pieces
    .filter(({ code }) => code.length > 0)
    .map((piece) => {
      const others = pieces.filter((other) => other !== piece)
      return { file: piece.file, bytes: piece.code.length, gzip: all - packed(others.map(({ code }) => code).join('')) }
    })
    .toSorted((one, other) => other.gzip - one.gzip)
  return { total: { file: 'whole', bytes: whole.length, gzip: packed(whole) }, files }
}

const { total, files } = await bundleCost(process.argv[2] ?? CORE)
for (const { file, bytes, gzip } of [...files, total]) {
  console.log(`${String(gzip).padStart(6)} ${String(bytes).padStart(6)}  ${file}`)
}
