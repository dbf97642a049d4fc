import type { CallEvent } from './events.ts'
import type { AnyCompletionError } from './errors.ts'
import type { Attempt } from './attempt-record.ts'
import type { ApiKey } from './provider.ts'
import type { Metadata } from './result.ts'

/** Limits in milliseconds; `Infinity` is no limit. A limit longer than what is left of the total reports `total`. */
export interface TimeoutOptions {
  /** The whole call: credentials, every attempt, every wait, error bodies, the body, the parsing. @defaultValue 600_000 */
  readonly total?: number | undefined
  /** One attempt, from its start to the last byte. @defaultValue none */
  readonly attempt?: number | undefined
  /** DNS, TCP and TLS. @defaultValue 10_000 */
  readonly connect?: number | undefined
  /** From the request being sent to the response headers. @defaultValue none */
  readonly headers?: number | undefined
}

/** What a `shouldRetry` is told beside the error. */
export interface RetryContext {
  /** The number of the attempt that has failed, counting from 0. */
  readonly attempt: number
  readonly attempts: readonly Attempt[]
  /** The wait that would come next, in milliseconds. */
  readonly delay: number
  /** What is left of the total, in milliseconds. */
  readonly remaining: number
  /** What the classification says. */
  readonly retryable: boolean
}

export type RetryDecision = boolean | { readonly delay: number } | undefined

export interface RetryOptions {
  /** Attempts beyond the first. @defaultValue 2 */
  readonly maxRetries?: number | undefined
  /** The first wait's upper bound, in milliseconds. @defaultValue 500; 1_000 after a rate limit or an overload without a hint */
  readonly baseDelay?: number | undefined
  /** Every wait's upper bound, in milliseconds. @defaultValue 8_000; 20_000 after a rate limit or an overload without a hint */
  readonly maxDelay?: number | undefined
  /** @defaultValue 2 */
  readonly factor?: number | undefined
  /** @defaultValue 'full' */
  readonly jitter?: 'full' | 'equal' | 'decorrelated' | 'none' | undefined
  /** The longest wait a server may ask for, in milliseconds; a longer one ends the call at once. @defaultValue 120_000 */
  readonly maxRetryAfter?: number | undefined
  /**
   * Overrides the classification; never the deadline, an abort, the count or a server's minimum wait. `undefined` leaves the decision
   * as it is. What it throws ends the call with that error.
   */
  readonly shouldRetry?:
    | ((error: AnyCompletionError, context: RetryContext) => RetryDecision | Promise<RetryDecision>)
    | undefined
}

/** A dispatcher of undici's shape (undici 7 or later), given structurally because its types differ between majors. */
export interface DispatcherLike {
  dispatch(options: object, handler: object): boolean
}

/** HOW a call behaves. */
export interface Options {
  /** A number is the total, in milliseconds. */
  readonly timeout?: number | TimeoutOptions | undefined
  /** An absolute end inherited from a caller, a Date or epoch milliseconds; replaces the default total, an explicit one still holds. */
  readonly deadline?: Date | number | undefined
  readonly signal?: AbortSignal | null | undefined
  /** Leaves the deadline and the signal of the request being served (`withRequest` of `punctual/server`). @defaultValue false */
  readonly detached?: boolean | undefined
  /** A number is `maxRetries`; `false` sends at most one request. */
  readonly retry?: number | false | RetryOptions | undefined
  /** Over the provider's own. A function is asked for every attempt, and once more after a 401. */
  readonly apiKey?: ApiKey | undefined
  /** Over the provider's own; null removes one. */
  readonly headers?: Readonly<Record<string, string | null | undefined>> | undefined
  /** Sent as Idempotency-Key, the same on every attempt. */
  readonly idempotencyKey?: string | undefined
  /** A WHATWG fetch in place of undici; `'global'` is `globalThis.fetch` as it is at each attempt. */
  readonly fetch?: 'global' | typeof globalThis.fetch | undefined
  /** The caller's own undici dispatcher (7 or later); never closed by us. */
  readonly dispatcher?: DispatcherLike | undefined
  /** `'env'` reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY. @defaultValue 'env' */
  readonly proxy?: 'env' | string | URL | false | undefined
  /** Of decoded body. @defaultValue 33_554_432 (32 MiB) */
  readonly maxResponseBytes?: number | undefined
  /** Not sent; comes back on events, errors and completions. */
  readonly metadata?: Metadata | undefined
  /** Called for everything that happens in the call; one that throws harms nothing. */
  readonly onEvent?: ((event: CallEvent) => void) | undefined
}
