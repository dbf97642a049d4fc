import { asciiJson } from '../base/ascii.ts'
import {
  type AnyCompletionError,
  CompletionError,
  type CompletionErrorJSON,
  isCompletionError,
} from '../vocabulary/errors.ts'
import { markedError } from './call-mark.ts'

/** Responses that stand for an error, and their headers, which SDKs put on the errors that they make. */
const returned = new WeakMap<object, CompletionError>()

/** Makes the error of a response known to `unwrapError`. */
export function remember(response: Response, error: CompletionError): void {
  returned.set(response, error)
  returned.set(response.headers, error)
}

/**
 * For SDKs that keep a copy of the headers (AI SDK), and hosts whose responses make one (Hono's server): the error itself, as JSON in
 * the characters that a header may have.
 */
export const ERROR_HEADER = 'x-punctual-error'

/** Puts an error on a response that is returned in its place. */
export function inscribe(response: Response, error: CompletionError): void {
  response.headers.set(ERROR_HEADER, asciiJson(JSON.stringify(error)))
  remember(response, error)
}

/** The error that a copy of a response's headers has. */
function inscribed(headers: object): AnyCompletionError | undefined {
  try {
    const json = isHeaders(headers) ? headers.get(ERROR_HEADER) : memberOf(headers, ERROR_HEADER)
    if (typeof json !== 'string') return undefined
    const plain = JSON.parse(json) as CompletionErrorJSON
    return typeof plain.code === 'string' ? CompletionError.fromJSON(plain) : undefined
  } catch {
    return undefined
  }
}

/** Of whichever realm or package; not everything that has a `get` may be asked. */
const isHeaders = (value: object): value is Headers =>
  ['get', 'append', 'getSetCookie'].every((name) => typeof memberOf(value, name) === 'function')

/** What the Stainless family (OpenAI, Anthropic, Groq, Together) looks for in an error and in its cause, and takes for its own timeout. */
const LIKE_A_TIMEOUT = /timed? ?out/i

/**
 * Makes an error one that SDKs keep. Where they find the words of a timeout they throw an error of their own without a cause; and an
 * AbortError they take for their user's doing: a stream ends quietly then, half an answer or not. So it has that name only where the
 * request's own signal was aborted.
 */
export function keepable(error: unknown, own: AbortSignal | undefined): unknown {
  if (!isCompletionError(error)) return error
  const { cause } = error
  for (const each of [error, cause]) {
    if (!isCompletionError(each) || !looksLikeTimeout(each)) continue
    const text = `CompletionError: no answer in time (${each.phase ?? each.code})`
    define(each, 'toString', () => text)
  }
  if (own?.aborted) return error
  if (error.code === 'aborted') define(error, 'name', 'CompletionError')
  // Not ours to change; so it is put one deeper.
  if (looksLikeTimeout(cause)) define(error, 'cause', new Error('what is beneath it', { cause }))
  return error
}

function looksLikeTimeout(value: unknown): boolean {
  try {
    return LIKE_A_TIMEOUT.test(String(value))
  } catch {
    return false
  }
}

function define(error: object, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true })
}

/** Where wrappers keep what they wrap: the language, AI SDK's RetryError, AggregateError, older SDKs. */
const BENEATH = [
  'cause',
  'lastError',
  'errors',
  'originalError',
  'error',
  'response',
  'rawResponse',
  'headers',
  'responseHeaders',
]
/** A chain this long is no chain of causes. */
const MOST = 1_000

/**
 * Finds the CompletionError inside what an SDK has thrown: through `cause`, `lastError`, `errors` and `originalError`, at any depth, the
 * nearest first. An error that an SDK made from a Response which `createFetch` had returned leads to its CompletionError, too, by the
 * Response, by its headers, or by the words of its body, whichever the SDK keeps.
 *
 * @returns undefined where there is none
 * @example
 *     try {
 *       await openai.chat.completions.create({ … })
 *     } catch (error) {
 *       if (unwrapError(error)?.code === 'timeout') …
 *     }
 */
export function unwrapError(error: unknown): AnyCompletionError | undefined {
  try {
    return found(error)
  } catch {
    // A proxy that was revoked, say: whatever it is, it is none of ours.
    return undefined
  }
}

function found(error: unknown): AnyCompletionError | undefined {
  const queue: unknown[] = [error]
  const seen = new Set<unknown>()
  for (let at = 0; at < queue.length && at < MOST; at++) {
    const value = queue[at]
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (isCompletionError(value)) return value
    const known = returned.get(value) ?? inscribed(value) ?? markedError(memberOf(value, 'message'))
    if (known) return known as AnyCompletionError
    if (Array.isArray(value)) queue.push(...value.slice(0, MOST))
    else for (const name of BENEATH) queue.push(memberOf(value, name))
  }
  return undefined
}

/** A getter of somebody else's error may throw. */
function memberOf(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
