/** The part of Node's ServerResponse (HTTP/1 and the HTTP/2 compatibility API) that is used here, given structurally. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly writableNeedDrain?: boolean | undefined
  readonly destroyed?: boolean | undefined
  readonly closed?: boolean | undefined
  readonly socket?: { readonly destroyed: boolean } | null | undefined
  /** HTTP/2 only. */
  readonly stream?: (Pick<NodeResponse, 'once'> & { readonly destroyed?: boolean | undefined }) | undefined
  readonly req?: { readonly method?: string | undefined } | undefined
  setHeader(name: string, value: string | number | readonly string[]): unknown
  removeHeader(name: string): void
  flushHeaders(): void
  write(chunk: string | Uint8Array): boolean
  end(chunk?: string | Uint8Array): unknown
  once(event: string, listener: () => void): unknown
  removeListener(event: string, listener: () => void): unknown
}

/** Headers in any of the forms in which frameworks carry them. */
export type HeadersLike = { get(name: string): string | null } | Readonly<Record<string, unknown>>

type Members = Readonly<Record<string, unknown>>

const member = (value: unknown, name: string): unknown =>
  (typeof value === 'object' && value !== null) || typeof value === 'function' ? (value as Members)[name] : undefined

const isNodeResponse = (value: unknown): value is NodeResponse =>
  typeof member(value, 'writeHead') === 'function' && typeof member(value, 'once') === 'function'

const isWebRequest = (value: unknown): value is Request =>
  typeof member(member(value, 'headers'), 'get') === 'function' && typeof member(value, 'method') === 'string'

/**
 * The ServerResponse behind what a framework hands to its users: itself (node:http, Express, NestJS), `reply.raw` (Fastify), `ctx.res`
 * (Koa), `request.res` (Express).
 */
export function nodeResponseOf(...values: readonly unknown[]): NodeResponse | undefined {
  for (const value of values) {
    const found = [value, member(value, 'raw'), member(value, 'res')].find(isNodeResponse)
    if (found) return found
  }
  return undefined
}

/** The Request of the web's standard behind a value: itself, or `c.req.raw` (Hono). */
export function webRequestOf(value: unknown): Request | undefined {
  // A request is asked for nothing more: on its edge runtime Next.js' own throws when its `request` is read.
  if (isWebRequest(value)) return value
  return [member(member(value, 'req'), 'raw'), member(value, 'request')].find(isWebRequest)
}

/** The headers of a request, of a context that has one, or a bag of headers itself. */
export function headersOf(value: unknown): HeadersLike {
  const web = webRequestOf(value)
  if (web) return web.headers
  const own = member(value, 'headers') ?? member(member(value, 'req'), 'headers')
  return (typeof own === 'object' && own !== null ? own : value) as HeadersLike
}

/** One header's value, its name in lower case; undefined where it is absent or there more than once. */
export function headerOf(headers: HeadersLike, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as Headers).get(name) ?? undefined
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name)
  const value = found === undefined ? undefined : (headers as Members)[found]
  // `headersDistinct` of Node, `multiValueHeaders` of API Gateway and ALB.
  const only = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value
  return typeof only === 'string' ? only : undefined
}

/** Whether the answer ends with its head. */
export const isHead = ({ req }: NodeResponse): boolean => req?.method === 'HEAD'

/** Whether whoever waited for a response is gone, or it has been given in full. */
export const isClosed = (response: NodeResponse): boolean =>
  response.closed === true ||
  response.destroyed === true ||
  response.socket?.destroyed === true ||
  response.stream?.destroyed === true
