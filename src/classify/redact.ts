import { asciiJson } from '../base/ascii.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'

const REDACTED = '[redacted]'
const ELIDED = '[…]'

/** Shorter ones are no secrets; removing them would only tear holes into words. */
export const SHORTEST_SECRET = 4

/**
 * Credentials by their look, for those that nobody told us of. Each needs a digit where prose could look alike. Whatever begins like one
 * is matched to its end and judged then: a text that begins one again and again must not take quadratic time.
 */
const PATTERNS: readonly (readonly [RegExp, string | ((whole: string, ...groups: string[]) => string)])[] = [
  [
    /\b(?:sk|rk|gsk|xai|pplx|csk|nvapi|hf|fw|r8|ghp|gho|tgp|glpat)[-_]([\w-]{8,})/g,
    (whole, token = '') => (/\d/.test(token) ? REDACTED : whole),
  ],
  [/\b(?:AIza[\w-]{16,}|A[KS]IA[A-Z0-9]{12,})/g, REDACTED],
  [/\beyJ[\w-]{8,}(\.[\w-]{8,}(?:\.[\w-]*)?)?/g, (whole, claims) => (claims ? REDACTED : whole)],
  [/\b(Bearer|Basic)\s+(?=\S*\d)[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [
    /\b((?:api[-_]?|access[-_]?)?key|(?:access_)?token|sig|signature|secret|password)=[^&\s"'<>]{3,}/gi,
    `$1=${REDACTED}`,
  ],
  [
    /\b((?:x-)?(?:goog-)?api[-_]?key|authorization|x-auth-token|cookie)(["']?\s*[:=]\s*["']?)([^\s"',;]{8,})/gi,
    (whole, name = '', equals = '', value = '') => (/\d/.test(value) ? name + equals + REDACTED : whole),
  ],
  [/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, `$1${REDACTED}@`],
]

/** Removes credentials from a text: those given, in every spelling they travel in, and whatever looks like one. */
export function redactText(text: string, secrets: readonly string[]): string {
  let result = text
  for (const secret of spellings(secrets)) result = result.replaceAll(secret, REDACTED)
  for (const [pattern, judge] of PATTERNS)
    result = typeof judge === 'string' ? result.replace(pattern, judge) : result.replace(pattern, judge)
  return result.replace(/\b(Basic\s+)([\w+/=-]{8,})/gi, (whole, scheme: string, token: string) =>
    namesUser(token) ? scheme + REDACTED : whole,
  )
}

/** Whether a token is a name and a password, as RFC 7617 writes them; "Basic authentication" is not. */
function namesUser(token: string): boolean {
  try {
    return atob(token).includes(':')
  } catch {
    return false
  }
}

/** A shorter piece says nothing of the secret, and prose may end in it. */
const SHORTEST_PIECE = 8

/** `redactText` for a text that may end in the middle of a secret, because it was cut. */
export function redactCutText(text: string, secrets: readonly string[]): string {
  for (const secret of spellings(secrets)) {
    for (let length = secret.length - 1; length >= SHORTEST_PIECE; length--) {
      if (text.endsWith(secret.slice(0, length)))
        return redactText(text.slice(0, text.length - length), secrets) + REDACTED
    }
  }
  return redactText(text, secrets)
}

/** A secret also appears without its scheme (`Bearer …`), in a URL, and inside JSON. Longer ones go first. */
function spellings(secrets: readonly string[]): readonly string[] {
  const all = new Set<string>()
  for (const secret of secrets) {
    for (const part of [secret, secret.replace(/^\w+ +/, '')]) {
      if (part.length < SHORTEST_SECRET) continue
      all.add(part)
      all.add(JSON.stringify(part).slice(1, -1))
      try {
        all.add(encodeURIComponent(part))
      } catch {
        // A lone surrogate has no URL spelling.
      }
    }
  }
  return [...all].toSorted((one, other) => other.length - one.length)
}

const SECRET_HEADER =
  /cookie|authoriz|api-?key|secret|credential|signature|(?:auth|access|security|session|csrf)-?token/i

/** The headers that may be shown, with secrets removed from their values. */
export function safeHeaders(headers: HeaderBag, secrets: readonly string[] = []): HeaderBag {
  const safe: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!SECRET_HEADER.test(name)) safe[name] = redactText(value, secrets)
  }
  return safe
}

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
