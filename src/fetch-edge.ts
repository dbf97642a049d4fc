import { bindCreateFetch, type FetchOptions } from './fetch/create-fetch.ts'
import { openFetchTransports } from './transport/edge.ts'

/**
 * Makes a WHATWG `fetch` with the deadlines, the retries and the stall and completeness guards of `complete`, for SDKs that accept one.
 *
 * HTTP errors that it gives up on are returned, the last Response with its body, and with `x-should-retry: false`. It throws a
 * CompletionError with code `timeout`, `aborted`, `network` or `invalid_response`; so does the body of a Response that is a stream.
 * Redirects are not followed. A body that is a stream is sent once.
 *
 * @throws TypeError for options that cannot be; the fetch itself rejects with one for what is no request
 * @example
 *     new OpenAI({ fetch: createFetch({ timeout: 30_000, retry: 2 }), maxRetries: 0 })
 */
export const createFetch: (options?: FetchOptions) => typeof fetch =
  /* @__PURE__ */ bindCreateFetch(openFetchTransports)

export type { FetchOptions } from './fetch/create-fetch.ts'
export { unwrapError } from './fetch/unwrap-error.ts'
