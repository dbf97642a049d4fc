import { joined } from '../answer/parse.ts'
import { written } from '../base/json.ts'
import type { Refusal } from '../call/call.ts'
import type { Code, CompletionError } from '../vocabulary/errors.ts'
import { type HeaderBag, headersOfBag } from '../vocabulary/header-bag.ts'
import { marked } from './call-mark.ts'
import { ERROR_HEADER, inscribe } from './unwrap-error.ts'

/** The statuses whose responses have no body, not even an empty one (Fetch, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])
/** Three speak of the bytes on the wire, and what is handed on is decoded; the error's header is ours to set. */
const KEPT_BACK = ['content-encoding', 'content-length', 'transfer-encoding', ERROR_HEADER]

/** A response as a fetch returns it. */
export function responseOf(
  url: URL,
  { status, headers }: { readonly status: number; readonly headers: HeaderBag },
  body: Uint8Array | ReadableStream<Uint8Array>,
): Response {
  const all = headersOfBag(headers)
  for (const name of KEPT_BACK) all.delete(name)
  // The answer to a HEAD has the length of what a GET would have given.
  const told = headers['content-encoding'] === undefined ? headers['content-length'] : undefined
  const length = body instanceof Uint8Array ? body.length || told : undefined
  if (length !== undefined) all.set('content-length', String(length))
  // A status that no Response may have is a gateway's own invention.
  const known = status >= 200 && status <= 599 ? status : 502
  const response = new Response(BODILESS.has(known) ? null : (body as ConstructorParameters<typeof Response>[0]), {
    status: known,
    headers: all,
  })
  return located(response, url.href)
}

/** A Response that one makes has no URL, nor have its clones; SDKs log it. */
function located(response: Response, href: string): Response {
  const plainClone = response.clone.bind(response)
  const clone = (): Response => located(plainClone(), href)
  return Object.defineProperties(response, {
    url: { value: href, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
  })
}

/** An error response that is final: `x-should-retry` tells the SDKs that heed it, and the error is found by `unwrapError`. */
function final(response: Response, error: CompletionError): Response {
  response.headers.set('x-should-retry', 'false')
  inscribe(response, error)
  return response
}

/** A response that was an error by its status, as it came, but for the mark of its call. */
export function refusedResponse(url: URL, refusal: Refusal, error: CompletionError): Response {
  const body = joined(refusal.body)
  if (refusal.whole) return final(responseOf(url, refusal, marked(url, body, error)), error)
  const response = responseOf(url, refusal, body)
  // Of a body that was cut nobody may believe that this is all.
  response.headers.delete('content-length')
  return final(response, error)
}

/** An error that came under a good status, as the response that its provider should have sent. */
export function inBandResponse(url: URL, headers: HeaderBag, json: unknown, error: CompletionError): Response {
  const status = STATUS[error.code] ?? 500
  const body = marked(url, new TextEncoder().encode(written(json)), error)
  return final(responseOf(url, { status, headers: { ...headers, 'content-type': 'application/json' } }, body), error)
}

/** What SDKs make their error classes from; 500 for the rest. */
const STATUS: Readonly<Partial<Record<Code, number>>> = {
  rate_limit: 429,
  quota_exceeded: 429,
  overloaded: 503,
  authentication: 401,
  permission: 403,
  not_found: 404,
  invalid_request: 400,
  context_length: 400,
  content_filter: 400,
}
