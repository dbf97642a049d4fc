import { asciiJson } from '../base/ascii.ts'

const ELIDED = '[…]'
const SHORTEST_RUN = 24
const SHORTEST_SOURCE = 8
/** A provider that quotes the beginning of a prompt; a single word is more likely the name of a field. */
const QUOTED_WORDS = /(["'`])([^"'`]{8,23}?)(?:\.{2,}|…)?\1/g
const MOST_QUOTES = 20
/** What a quotation of base64 has, and prose has not. */
const DENSE_RUN = /\S{24}/

/**
 * Removes from a provider's message what it repeats of the prompt or of the answer, in whichever case: every run of 24 characters or
 * more that a source shares, every short source as a whole, and words in quotes that stand in a source. Linear in the length of the
 * sources.
 */
export function elideEchoes(message: string, sources: readonly string[]): string {
  if (message.length < SHORTEST_SOURCE || sources.length === 0) return message
  const text = folded(message)
  const marked = new Uint8Array(text.length)
  const quotes = [...text.matchAll(QUOTED_WORDS)].slice(0, MOST_QUOTES).map(([, , words = '']) => words.trim())
  const excerpts = quotes.filter((words) => /\s/.test(words))
  const runs = new Set<string>()
  // Which fingerprints occur at all: spares nearly all of a long source the cost of a slice.
  const sieve = new Uint8Array(65_536)
  for (let at = 0; at + SHORTEST_RUN <= text.length; at++) {
    runs.add(text.slice(at, at + SHORTEST_RUN))
    sieve[fingerprint(text, at)] = 1
  }
  const shared = new Set<string>()
  const dense = DENSE_RUN.test(text)
  for (const source of sources.flatMap((one) => (dense || !isDense(one) ? asQuoted(one) : []))) {
    if (source.length < SHORTEST_RUN) markWhole(text, source.trim(), marked)
    for (const words of excerpts) if (source.includes(words)) markWhole(text, words, marked)
    for (let at = 0; at + SHORTEST_RUN <= source.length; at++) {
      if (sieve[fingerprint(source, at)] === 0) continue
      const run = source.slice(at, at + SHORTEST_RUN)
      if (runs.has(run)) shared.add(run)
    }
  }
  for (let at = 0; at + SHORTEST_RUN <= text.length; at++) {
    if (shared.has(text.slice(at, at + SHORTEST_RUN))) marked.fill(1, at, at + SHORTEST_RUN)
  }
  return withoutMarked(message, marked)
}

/** Megabytes of base64, which a message without such a run cannot quote. */
const isDense = (source: string): boolean => source.length >= LONG_SOURCE && !/\s/.test(source)
const LONG_SOURCE = 10_000

/** In lower case and of the same length: what is found in it stands at the same place in the original. */
function folded(text: string): string {
  const lower = text.toLowerCase()
  if (lower.length === text.length) return lower
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase()
    return small.length === letter.length ? small : letter
  })
}

/** A source in the spellings that a message may quote: as it is, as JSON, and as JSON in ASCII, which Python writes. */
function asQuoted(source: string): readonly string[] {
  const text = folded(source)
  const plain = /^[^"\\\n\u0080-\uffff]*$/.test(text)
  if (plain) return [text]
  const json = JSON.stringify(text).slice(1, -1)
  return [text, json, asciiJson(json)]
}

function fingerprint(text: string, at: number): number {
  return (text.charCodeAt(at) * 31 + text.charCodeAt(at + 9) * 1_031 + text.charCodeAt(at + 23) * 8_209) & 0xffff
}

function markWhole(text: string, source: string, marked: Uint8Array): void {
  if (source.length < SHORTEST_SOURCE) return
  for (let at = text.indexOf(source); at >= 0; at = text.indexOf(source, at + source.length)) {
    marked.fill(1, at, at + source.length)
  }
}

function withoutMarked(text: string, marked: Uint8Array): string {
  let result = ''
  let from = 0
  for (let at = marked.indexOf(1); at >= 0; at = marked.indexOf(1, from)) {
    const end = marked.indexOf(0, at)
    result += text.slice(from, at) + ELIDED
    from = end < 0 ? text.length : end
  }
  return result + text.slice(from)
}
