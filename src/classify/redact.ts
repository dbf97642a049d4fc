import type { HeaderBag } from '../vocabulary/header-bag.ts'

const REDACTED = '[redacted]'

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
  const all = spellings(secrets)
  let result = withoutEscaped(text, all)
  for (const secret of all) result = result.replaceAll(secret, REDACTED)
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

const ESCAPE = /\\(?:u([\da-f]{4})|([^]))/gi
/** What stands for one character in a text with escapes. */
const PIECE = /\\u[\da-f]{4}|\\?[^]/gi

/** Removes secrets that a writer of JSON has escaped in its own way: PHP escapes a slash, .NET a plus sign, Go an ampersand. */
function withoutEscaped(text: string, secrets: readonly string[]): string {
  const plain = text.replace(ESCAPE, (_, code?: string, character = '') =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : character,
  )
  const found = secrets.filter((secret) => plain.includes(secret))
  if (found.length === 0) return text
  const pieces: string[] = text.match(PIECE) ?? []
  for (const secret of found) {
    for (let at = plain.indexOf(secret); at >= 0; at = plain.indexOf(secret, at + secret.length)) {
      // Within a longer one that is gone already.
      if (!pieces[at]) continue
      pieces.fill('', at, at + secret.length)
      pieces[at] = REDACTED
    }
  }
  return pieces.join('')
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
