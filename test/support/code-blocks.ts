/** A fenced code block of a Markdown file. */
export interface CodeBlock {
  /** The file and the line of the opening fence, as an editor understands it. */
  readonly place: string
  readonly language: string
  readonly code: string
  readonly marker: Marker
}

/**
 * What a `<!-- test: … -->` comment on the line before a block says, as words divided by spaces:
 *
 * `types`: the block is checked but not run (it would serve for ever, or needs what a test has not).
 * `continues`: the block goes on where the TypeScript block before it ended.
 * `output`: the block is what the TypeScript block before it prints.
 * `status=429`: the provider answers with that status.
 * `answers=[…]`: what the model says, in JSON: a text, or an object, which is the arguments of a call or the answer as data.
 * From the first `let`, `const`, `declare` or `import` on it is TypeScript that stands before the block.
 */
export interface Marker {
  readonly typesOnly: boolean
  readonly continues: boolean
  readonly output: boolean
  readonly status: number
  readonly answers: readonly unknown[]
  readonly before: string
}

const FENCE = /^(?<fence>`{3,})(?<language>[\w-]*)[^\n]*\n(?<code>[\s\S]*?)^\k<fence>[ \t]*$/gm
const MARKER = /<!-- test: (?<words>(?:(?!-->)[\s\S])*?) -->\s*$/

/** The code blocks of a Markdown text, in order. */
export function codeBlocks(file: string, text: string): readonly CodeBlock[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const { language = '', code = '' } = match.groups ?? {}
    const before = text.slice(0, match.index)
    const place = `${file}:${before.split('\n').length}`
    return { place, language, code, marker: readMarker(MARKER.exec(before)?.groups?.['words'] ?? '', place) }
  })
}

function readMarker(text: string, place: string): Marker {
  const given = /\banswers=(?<json>\[.*\])/s.exec(text)
  const answers = given?.groups?.['json'] === undefined ? [] : (JSON.parse(given.groups['json']) as unknown[])
  const [words = '', ...code] = text.replace(given?.[0] ?? '', '').split(/\b(?=(?:let|const|import|declare) )/)
  const marker = { typesOnly: false, continues: false, output: false, status: 200, answers, before: code.join('') }
  for (const word of words.split(/\s+/).filter(Boolean)) {
    if (word === 'types') marker.typesOnly = true
    else if (word === 'continues') marker.continues = true
    else if (word === 'output') marker.output = true
    else if (/^status=\d{3}$/.test(word)) marker.status = Number(word.slice('status='.length))
    else throw new Error(`${place}: a test marker does not know the word "${word}"`)
  }
  return marker
}
