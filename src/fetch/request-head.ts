import { fail } from '../base/check.ts'
import type { WireRequest } from '../transport/transport.ts'
import type { DispatcherLike } from '../vocabulary/options.ts'

type Fetch = typeof globalThis.fetch
type Input = Parameters<Fetch>[0]
type Init = NonNullable<Parameters<Fetch>[1]> & {
  /** undici's way to say which connections a fetch uses. */
  readonly dispatcher?: DispatcherLike | null | undefined
}

/** A request as it was handed to the fetch, but for a body that has to be read first. */
export interface RequestHead {
  readonly method: string
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Record<string, string>
  readonly signal: AbortSignal | undefined
  readonly dispatcher: DispatcherLike | undefined
  /** The body, or how to read it: then it is whole, and can be sent again. Reading it may name its media type. */
  readonly body: WireRequest['body'] | (() => Promise<{ bytes: Uint8Array; type: string | null }>)
  /** Held while the call lasts: undici's Request drops its signal when nobody holds the Request any more. */
  readonly input: unknown
}

/** What a transport says by itself; a length of what was written before would be wrong for what is written now. */
const TRANSPORTS_OWN = [
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Reads what a fetch is called with, in any of its forms. Throws a TypeError, as a fetch does, for what is no request. */
export function readHead(input: Input, given?: Init | null): RequestHead {
  const init = given ?? {}
  if (typeof input !== 'string' && (typeof input !== 'object' || input === null))
    fail('fetch: the first argument', input, 'a URL or a Request')
  const request = typeof input === 'object' && 'url' in input ? input : undefined
  const url = parseURL(typeof input === 'string' ? input : 'url' in input ? input.url : input.href)
  const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
  // RFC 9110 section 9.1: a method is a token.
  if (!/^[!#$%&'*+.^_`|~0-9A-Z-]+$/.test(method)) fail('fetch: the method', method, 'the name of an HTTP method')
  const headers: Record<string, string> = {}
  for (const [name, value] of new Headers(init.headers ?? request?.headers)) headers[name] = value
  const body = init.body == null && request ? bodyOfRequest(request) : bodyOf(init.body ?? undefined, headers)
  // A stream is sent once, as it is: then its length is as long as it was said to be, and servers may insist on it.
  const once = typeof body === 'object' && 'getReader' in body
  for (const name of TRANSPORTS_OWN) if (!(once && name === 'content-length')) delete headers[name]
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`fetch: a ${method} request has no body`)
  return {
    method,
    url,
    headers,
    signal: (init.signal === undefined ? request?.signal : init.signal) ?? undefined,
    dispatcher: init.dispatcher ?? undefined,
    body,
    input,
  }
}

function parseURL(text: string): URL {
  // Not every edge runtime has URL.parse.
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('fetch: the URL must be absolute and begin with http:// or https://')
  }
  if (url.username || url.password) throw new TypeError('fetch: the URL must not hold credentials: send a header')
  url.hash = ''
  return url
}

function bodyOfRequest(request: Request): RequestHead['body'] {
  if (request.body === null) return undefined
  if (request.bodyUsed) throw new TypeError('fetch: the body of this Request has been read already')
  // Its media type stands in its headers.
  return async () => ({ bytes: new Uint8Array(await request.arrayBuffer()), type: null })
}

function bodyOf(body: unknown, headers: Record<string, string>): RequestHead['body'] {
  if (body === undefined) return undefined
  if (typeof body === 'string') {
    headers['content-type'] ??= 'text/plain;charset=UTF-8'
    return body
  }
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0))
  if (typeof body !== 'object' || body === null) fail('fetch: the body', body, 'what a fetch takes')
  if ('getReader' in body) return body as ReadableStream<Uint8Array>
  if (Symbol.asyncIterator in body && !('arrayBuffer' in body)) {
    return ReadableStream.from(body as AsyncIterable<Uint8Array>)
  }
  // A form, a blob, parameters: the host knows how to write each, and which media type that makes it.
  const written = new Response(body as ConstructorParameters<typeof Response>[0])
  return async () => ({
    bytes: new Uint8Array(await written.arrayBuffer()),
    type: written.headers.get('content-type'),
  })
}
