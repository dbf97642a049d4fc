import { parsed } from '../base/json.ts'
import type { Code } from '../vocabulary/errors.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'

/** What a hint is read from. */
export interface HintSource {
  readonly headers: HeaderBag
  /** The body as JSON, where it is some. */
  readonly json?: unknown
  /** The provider's own words. */
  readonly text?: string | undefined
  readonly status: number
  /** What the failure was classified as: a bucket's reset time means a wait only where a bucket is empty. */
  readonly code: Code
  /** Epoch milliseconds when the response arrived. */
  readonly wallNow: number
}

const WAITABLE: ReadonlySet<Code> = new Set(['rate_limit', 'quota_exceeded', 'overloaded', 'server_error'])

/**
 * How long the server asked to wait, in whole milliseconds, rounded up; undefined where it said nothing that can be understood.
 * 0 and dates in the past mean now. Absurd values are returned as they are: the caller has a limit of its own.
 */
export function retryAfter(source: HintSource): number | undefined {
  const { headers, code } = source
  // A date is measured against the server's own clock, so that a skewed clock here does not shift it.
  const now = httpDate(headers['date']) ?? source.wallNow
  const told = fromRetryHeaders(headers, now)
  if (told !== undefined) return whole(told)
  if (!WAITABLE.has(code)) return undefined
  const limited = code === 'rate_limit' || code === 'quota_exceeded'
  return whole(
    fromBody(source.json, now, 0) ??
      (source.text === undefined ? undefined : fromText(source.text)) ??
      (limited ? fromResetHeaders(headers, now) : undefined),
  )
}

function fromRetryHeaders(headers: HeaderBag, now: number): number | undefined {
  return (
    number(headers['retry-after-ms']) ??
    number(headers['x-ms-retry-after-ms']) ??
    seconds(headers['retry-after']) ??
    until(httpDate(headers['retry-after']), now) ??
    seconds(headers['llm_provider-retry-after'])
  )
}

/**
 * google.rpc.RetryInfo, Hugging Face's `estimated_time`, and the headers that OpenRouter repeats inside its error object; also in JSON
 * that travels as text inside JSON.
 */
function fromBody(given: unknown, now: number, depth: number): number | undefined {
  const value = typeof given === 'string' && /^\s*[{[]/.test(given) ? parsed(given) : given
  if (typeof value !== 'object' || value === null || depth > 7) return undefined
  const fields = value as Record<string, unknown>
  const { retryDelay, headers } = fields
  if (typeof retryDelay === 'string') return duration(retryDelay)
  let wait = seconds(fields['estimated_time'] ?? fields['retry_after'] ?? fields['resets_in_seconds'])
  if (typeof headers === 'object' && headers !== null) {
    const bag = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]))
    wait ??= fromRetryHeaders(bag, now) ?? fromResetHeaders(bag, now)
  }
  const within = Array.isArray(value) ? value.slice(0, 20) : LAYERS.map((name) => fields[name])
  for (const inner of within) wait ??= fromBody(inner, now, depth + 1)
  return wait
}

const LAYERS = ['error', 'details', 'metadata', 'message', 'raw']

const SCALES: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const PIECE = '(\\d*\\.?\\d+)\\.? ?(ms|millis|[smhd])[a-z]*'
const SENTENCE = new RegExp(
  `(?:(?:again|retry|retrying|resets?) (?:in|after)|wait)(?: for| about)? ((?:${PIECE}[\\s,]*(?:and )?)+)`,
  'i',
)

/** google.rpc.RetryInfo in the words of a gateway that quotes its provider (LiteLLM). */
const QUOTED = /\bretryDelay\W{1,12}([\d.]+s)\b/

/** "Please try again in 7m12s", "retry after 33 seconds", "Please wait 25 seconds before retrying". */
function fromText(text: string): number | undefined {
  const [, said] = QUOTED.exec(text.slice(0, 8_000)) ?? SENTENCE.exec(text.slice(0, 2_000)) ?? []
  return said === undefined ? undefined : duration(said)
}

/** A Go or protobuf duration, or one in words; every piece counts. */
function duration(text: string): number | undefined {
  if (/^\s*-/.test(text)) return undefined
  let total: number | undefined
  // No honest duration is longer, and a hostile one would be slow to read.
  for (const [, amount, unit = ''] of text.slice(0, 100).matchAll(new RegExp(PIECE, 'gi'))) {
    total = (total ?? 0) + Number(amount) * (SCALES[unit.toLowerCase()] ?? 1)
  }
  return total
}

/**
 * The longest reset of what is exhausted. A reset is announced on every answer and for every bucket; only a bucket with nothing
 * remaining is waited for. OpenAI, Groq: x-ratelimit-reset-tokens; Cerebras: -tokens-minute; Anthropic: anthropic-ratelimit-tokens-reset,
 * and of its subscriptions' windows only the one that has rejected; generic: x-ratelimit-reset.
 */
function fromResetHeaders(headers: HeaderBag, now: number): number | undefined {
  let longest: number | undefined
  for (const [name, value] of Object.entries(headers)) {
    if (!/rate-?limit-(?:.+-)?reset/.test(name)) continue
    const remaining = number(headers[name.replace('reset', 'remaining')])
    if (remaining !== undefined && remaining > 0) continue
    if (/-unified-(?:.+-)?reset$/.test(name) && (headers[name.replace('reset', 'status')] ?? 'rejected') !== 'rejected')
      continue
    // Azure writes 0 and -1 where it does not know.
    const wait = number(value) === 0 ? undefined : resetTime(value, now)
    if (wait !== undefined) longest = Math.max(longest ?? 0, wait)
  }
  return longest
}

/** A Go duration, seconds from now, Unix seconds, Unix milliseconds or a date: told apart by form and size. */
function resetTime(value: string, now: number): number | undefined {
  const amount = number(value)
  if (amount !== undefined) return amount < 1e9 ? amount * 1_000 : until(amount < 1e11 ? amount * 1_000 : amount, now)
  return until(httpDate(value), now) ?? (/^[\d.hmsd]+$/.test(value) ? duration(value) : undefined)
}

function until(at: number | undefined, now: number): number | undefined {
  return at === undefined ? undefined : Math.max(0, at - now)
}

function seconds(value: unknown): number | undefined {
  const amount = number(value)
  return amount === undefined ? undefined : amount * 1_000
}

/** A plain non-negative decimal; of a repeated header (joined by commas) the largest, so that nobody goes earlier than told. */
function number(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 ? value : undefined
  if (typeof value !== 'string' || !/^(?:(?:^|,) *(?:\d+(?:\.\d*)?|\.\d+) *)+$/.test(value)) return undefined
  return Math.max(...value.split(',').map(Number))
}

const DATE =
  /^(?:[a-z]{3,9}, \d\d[ -][a-z]{3}[ -](?:\d\d){1,2} [\d:]{8} gmt|[a-z]{3} [a-z]{3} [ \d]\d [\d:]{8} \d{4}|[\d-]{10}t[\d:]{8}(?:\.\d+)?(?:z|[+-]\d\d:\d\d))$/i

/**
 * The three forms of RFC 9110 section 5.6.7, and RFC 3339. `Date.parse` alone would read a date into almost any garbage; it takes a
 * form without a zone for local time.
 */
function httpDate(value = ''): number | undefined {
  const text = value.trim()
  const time = DATE.test(text) ? Date.parse(/\d{4}$/.test(text) ? `${text} GMT` : text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** Up to the next millisecond, but not for the noise that a decimal fraction leaves in binary. */
function whole(wait: number | undefined): number | undefined {
  return wait === undefined ? undefined : Math.min(Math.ceil(wait - 1e-6) + 0, Number.MAX_SAFE_INTEGER)
}
