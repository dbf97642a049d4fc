import { isClosed, isHead, type NodeResponse, nodeResponseOf, webRequestOf } from './host.ts'

/** The reason of a signal that aborted because the client has gone. */
export interface ClientGone extends Error {
  readonly name: 'AbortError'
  readonly code: 'CLIENT_GONE'
}

// One signal for each response, so that asking many times adds no listeners.
const known = new WeakMap<object, AbortSignal>()
// Node's Request follows the signal it was made with only as long as somebody holds the Request.
const held = new WeakMap<AbortSignal, Request>()

/**
 * A signal that aborts when the client has gone before its answer was complete; never because a request body was read or a response
 * ended as it should. Its reason is a {@link ClientGone}; what the runtime gave as a reason is the reason's `cause`.
 *
 * @param request A web `Request` (Hono's context too), or a request or context of node:http, Express, NestJS, Fastify or Koa.
 * @param response Node's response, or what holds it (Fastify's `reply`). May be left out where the request leads to it (Express, Koa) and
 * for a web `Request`.
 * @throws TypeError where a Node request comes without its response: no event of the request alone tells that the client has gone.
 */
export function signalFrom(request: object, response?: object): AbortSignal {
  const node = nodeResponseOf(response, request)
  if (node) return remembered(node, () => fromResponse(node))
  const web = webRequestOf(request) ?? webRequestOf(response)
  if (web) return remembered(web, () => fromRequest(web))
  throw new TypeError(
    'signalFrom needs a web Request, or the response beside a Node request: signalFrom(request, response), with Fastify signalFrom(request, reply)',
  )
}

function remembered(key: object, make: () => AbortSignal): AbortSignal {
  const before = known.get(key)
  if (before) return before
  const signal = make()
  known.set(key, signal)
  return signal
}

/**
 * The response's `close` with the answer unfinished means that the client has gone, on Node 22, 24 and 26, on HTTP/1 and HTTP/2. The
 * request's own `close` does not: it comes as soon as a body has been read, which is what Fastify's `request.signal` and the
 * `IncomingMessage.signal` of Node 24.16 took for an abort.
 */
function fromResponse(response: NodeResponse): AbortSignal {
  const controller = new AbortController()
  const look = (): void => {
    const whole = response.writableEnded || (isHead(response) && response.headersSent)
    if (!whole) controller.abort(clientGone())
  }
  if (isClosed(response)) look()
  // For a HEAD Node's HTTP/2 response tells of its close only once it has been ended.
  else (response.stream ?? response).once('close', look)
  return controller.signal
}

/** A signal of our own, for the runtime's may have no reason (node-server of Hono) or one that says nothing. */
function fromRequest(request: Request): AbortSignal {
  const { signal } = request
  const controller = new AbortController()
  held.set(controller.signal, request)
  const follow = (): void => controller.abort(clientGone(signal.reason))
  if (signal.aborted) follow()
  else signal.addEventListener('abort', follow, { once: true })
  return controller.signal
}

/** Whether an error says that the client has gone: the signal's own reason, or what wraps it (Node puts it beneath an AbortError). */
export function isClientGone(error: unknown): boolean {
  try {
    const thrown = error as Partial<ClientGone> | null | undefined
    return thrown?.code === 'CLIENT_GONE' || (thrown?.cause as Partial<ClientGone> | undefined)?.code === 'CLIENT_GONE'
  } catch {
    // Something that cannot even be looked at is none of ours.
    return false
  }
}

function clientGone(cause?: unknown): ClientGone {
  const error = new Error('the client has gone before its answer was complete', cause === undefined ? {} : { cause })
  return Object.assign(error, { name: 'AbortError', code: 'CLIENT_GONE' } as const)
}
