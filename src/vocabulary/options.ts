import type { Attempt } from './attempt-record.ts'
import type { AnyCompletionError } from './errors.ts'
import type { CallEvent } from './events.ts'
import type { ApiKey } from './provider.ts'
import type { Metadata } from './result.ts'

/**
 * Limits in milliseconds on a monotonic clock. `Infinity` is no limit; zero, negatives and NaN are a TypeError. A limit longer than what
 * is left of the total reports `total`.
 *
 * An expired limit is a CompletionError of code `timeout` with the limit's name as `phase`. It is retried where the caller has set that
 * limit; one that was left at its default is not run again.
 */
export interface TimeoutOptions {
  /** The whole call: credentials, every attempt, every wait, error bodies, the body, the parsing. @defaultValue 600_000 */
  readonly total?: number | undefined
  /** One attempt, from its start to the last byte. Without it one silent attempt may use the whole total. @defaultValue none */
  readonly attempt?: number | undefined
  /**
   * DNS, TCP and TLS. Without effect through a `fetch`, which does not show when it is connected. A dispatcher of the caller's or the host's
   * may have a queue: there the default does not hold, and a limit of your own counts the queue, too. @defaultValue 10_000
   */
  readonly connect?: number | undefined
  /** From the request being sent to the response headers; through a `fetch`, from its start. @defaultValue none */
  readonly headers?: number | undefined
  /**
   * From the start of an attempt to the first content on the wire: text, reasoning, tool arguments, a refusal. On streams, and where
   * `complete` asks for one. @defaultValue none
   */
  readonly firstToken?: number | undefined
  /**
   * Between two pieces of content; comments and pings are none. On streams only. The silence before the first content is `firstToken`'s and
   * `attempt`'s matter. @defaultValue 120_000
   */
  readonly idle?: number | undefined
}

/** What a `shouldRetry` is told beside the error. */
export interface RetryContext {
  /** The number of the attempt that has failed, counting from 0. */
  readonly attempt: number
  /** Every attempt so far, the failed one last. */
  readonly attempts: readonly Attempt[]
  /** The wait that would come next, in milliseconds; 0 too where none fits any more. */
  readonly delay: number
  /** What is left of the total, in milliseconds. */
  readonly remaining: number
  /** What the classification says. */
  readonly retryable: boolean
}

/**
 * What a `shouldRetry` may say: whether another attempt follows, or after how many milliseconds (`delay`, at least 0); `undefined` leaves
 * the decision to the classification.
 */
export type RetryDecision = boolean | { readonly delay: number } | undefined

/** Which attempts follow the first, and when. Waits in milliseconds. */
export interface RetryOptions {
  /** Attempts beyond the first; 0 is none. @defaultValue 2 */
  readonly maxRetries?: number | undefined
  /** The first wait's upper bound, in milliseconds; with `'decorrelated'` the shortest wait. @defaultValue 500; 1_000 after a rate limit or an overload without a hint */
  readonly baseDelay?: number | undefined
  /** The upper bound of every wait of our own schedule, in milliseconds; a server's or `shouldRetry`'s may be longer. @defaultValue 8_000; 20_000 after a rate limit or an overload without a hint */
  readonly maxDelay?: number | undefined
  /** By how much the bound grows from wait to wait; at least 1; not with `'decorrelated'`. @defaultValue 2 */
  readonly factor?: number | undefined
  /**
   * How waits are spread below their bound: over all of it, over its upper half, from the wait before, or not at all.
   * A server's own wait is spread upward only, by at most a tenth. @defaultValue 'full'
   */
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

/**
 * A WHATWG fetch, as far as it is used: `globalThis.fetch`, undici's of any version, a function of your own that gives a `Response`. Not
 * node-fetch, whose bodies are no web streams.
 */
export type FetchLike = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body: string | null
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<FetchedLike>

/** What a {@link FetchLike} gives: a `Response`, as far as it is read. */
export interface FetchedLike {
  /** The HTTP status. */
  readonly status: number
  /** A `Headers`. */
  readonly headers: { forEach(callback: (value: string, name: string) => void): void }
  /** A web stream of bytes. */
  readonly body?: { getReader(): unknown } | null | undefined
}

/** A dispatcher of undici's shape (undici 7 or later), given structurally because its types differ between majors. */
export interface DispatcherLike {
  /** As undici's dispatchers have it. */
  dispatch(options: object, handler: object): boolean
}

/**
 * HOW a call behaves. Over a client's defaults plain values replace; `timeout`, `retry`, `headers` and `metadata` merge by key; every
 * `signal` and every `onEvent` is heard; the earliest `deadline` holds. `undefined` is the same as absent. An unknown member or a value
 * that cannot be meant is a TypeError before any request.
 */
export interface Options {
  /** Limits in milliseconds; a number is `timeout.total`. */
  readonly timeout?: number | TimeoutOptions | undefined
  /**
   * An absolute end inherited from a caller, a Date or epoch milliseconds; replaces the default total, an explicit one still holds. One
   * that is past already fails the call with `timeout`, without a request. @defaultValue none
   */
  readonly deadline?: Date | number | undefined
  /**
   * Ends the call at once, whatever it is doing: code `aborted` with the signal's reason as `cause`, or `timeout` of phase `signal` where
   * that reason is a TimeoutError. @defaultValue none
   */
  readonly signal?: AbortSignal | null | undefined
  /** Ignores the deadline and the signal of the request being served (`withRequest` of `punctual/server`). @defaultValue false */
  readonly detached?: boolean | undefined
  /** A number is `retry.maxRetries`, so that n makes n + 1 attempts; `false` sends at most one request, whatever happens. */
  readonly retry?: number | false | RetryOptions | undefined
  /**
   * How `complete` asks: `'auto'` asks for a stream where the call itself sets `firstToken` or `idle`, so that a stall is seen and what
   * was received is kept. @defaultValue 'auto'
   */
  readonly wire?: 'auto' | 'json' | 'stream' | undefined
  /**
   * Over the provider's own. A function is asked for every attempt, within the deadline, and once more after a 401; where it throws, the
   * call fails with `authentication`. @defaultValue the provider's
   */
  readonly apiKey?: ApiKey | undefined
  /** Over the provider's own and over credentials, names in any case; null removes one. A line break in one is a TypeError. */
  readonly headers?: Readonly<Record<string, string | null | undefined>> | undefined
  /**
   * Sent as Idempotency-Key, the same on every attempt; also where the model is told why its answer did not fit, so that a provider which
   * heeds the key wants `outputRetries: 0`.
   */
  readonly idempotencyKey?: string | undefined
  /**
   * A WHATWG fetch in place of undici; `'global'` is `globalThis.fetch` as it is at each attempt, so that what has been put in its place
   * (msw's `setupServer`, tracing) is used. `fetch`, `dispatcher` and `proxy` exclude each other.
   */
  readonly fetch?: 'global' | FetchLike | undefined
  /**
   * An undici dispatcher of the caller's own (undici 7 or later); never closed by punctual.
   * @defaultValue one that the host has set for the whole process, else connections of the client's own
   */
  readonly dispatcher?: DispatcherLike | undefined
  /**
   * A proxy's URL; `'env'` reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; `false` uses none. Where nothing is said, a dispatcher that the host
   * has set for the whole process goes before the environment's proxy. @defaultValue 'env'
   */
  readonly proxy?: 'env' | string | URL | false | undefined
  /** Whether a stream also hands out the provider's events as they came, as `raw`. @defaultValue false */
  readonly rawEvents?: boolean | undefined
  /**
   * The largest body, or the largest event of a stream, in bytes after decoding; a larger one is `invalid_response`.
   * @defaultValue 33_554_432 (32 MiB)
   */
  readonly maxResponseBytes?: number | undefined
  /** Labels of the caller's own. Not sent; they come back on events, errors and completions. */
  readonly metadata?: Readonly<Record<string, Metadata[string] | undefined>> | undefined
  /** Called for everything that happens in the call, as it happens; one that throws harms nothing. */
  readonly onEvent?: ((event: CallEvent) => void) | undefined
}
