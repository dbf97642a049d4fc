import { type AnyCompletionError, type CompletionError, isCompletionError } from '../errors.ts'

/** Responses that stand for an error, and their headers, which SDKs put on the errors that they make. */
const returned = new WeakMap<object, CompletionError>()

/** Makes the error of a response that is returned in its place known to `unwrapError`. */
export function remember(response: Response, error: CompletionError): void {
  returned.set(response, error)
  returned.set(response.headers, error)
}

/**
 * Makes an error one that SDKs keep. Those of the Stainless family (Anthropic, Groq, Together, and OpenAI's beneath LangChain) look for
 * the word "timeout" in an error and in its cause, and throw an error of their own without a cause where they find it.
 */
export function keepable(error: unknown): unknown {
  const chain = isCompletionError(error) ? [error, error.cause] : []
  for (const each of chain) {
    if (!isCompletionError(each) || each.code !== 'timeout') continue
    const text = `CompletionError: no answer in time (${each.phase})`
    Object.defineProperty(each, 'toString', { value: () => text, configurable: true, writable: true })
  }
  return error
}

/** Where wrappers keep what they wrap: the language, AI SDK's RetryError, AggregateError, older SDKs. */
const BENEATH = ['cause', 'lastError', 'errors', 'originalError', 'error', 'response', 'rawResponse', 'headers']
/** A chain this long is no chain of causes. */
const MOST = 1_000

/**
 * Finds the CompletionError inside what an SDK has thrown: through `cause`, `lastError`, `errors` and `originalError`, at any depth, the
 * nearest first. An error that an SDK made from a Response which `createFetch` had returned leads to its CompletionError, too, where
 * the SDK keeps the Response or its headers.
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
  const queue: unknown[] = [error]
  const seen = new Set<unknown>()
  for (let at = 0; at < queue.length && at < MOST; at++) {
    const value = queue[at]
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (isCompletionError(value)) return value
    const known = returned.get(value)
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
