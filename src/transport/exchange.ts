import type { Dispatcher } from 'undici'
import { written } from '../base/json.ts'
import { type HeaderBag, separatorOf } from '../vocabulary/header-bag.ts'
import { inOwnContext } from './async-context.ts'
import { type Decoder, openDecoder } from './decode.ts'
import { lengthMismatch } from './node-errors.ts'
import type { Exchange, Receiver, WireRequest } from './transport.ts'

/** What an exchange needs to know of the connection that serves it. */
export interface Connection {
  /** The exchange's request begins to leave; true where another has left on this connection before. */
  begin(exchange: DispatchExchange): boolean
  /** The exchange waits for it no more; a connection that is being made for nobody else is given up. */
  leave(exchange: DispatchExchange): void
  /** It has carried a request since it was made: a failure before sending is the death of an idle connection. */
  used(): boolean
}

/** One exchange over a `dispatch()`: undici's handler and the caller's handle in one object. */
export interface DispatchExchange extends Behaviour {
  readonly dispatch: Dispatch
  readonly request: WireRequest
  readonly receiver: Receiver
  readonly framing: Framing
  /** Set by our own agent when it has chosen a connection; a foreign dispatcher does not tell. */
  connection: Connection | undefined
  /** Its connection has taken it and it has not begun to leave. */
  waiting: boolean
  controller: Dispatcher.DispatchController | undefined
  decoder: Decoder | undefined
  /** Its handle has not been given back yet. */
  starting: boolean
  /** Nothing is reported any more: it has ended, failed, or was cancelled. */
  settled: boolean
  sent: boolean
  paused: boolean
  /** Its response has begun. */
  answered: boolean
  /** Bytes that the announced content-length still owes; NaN where none was announced. */
  owed: number
}

/** The methods, which all exchanges share. */
interface Behaviour extends Exchange, Dispatcher.DispatchHandler {}

/** What a proxy changes about a request. */
export interface Framing {
  /** The request target, where it is not the path. */
  readonly path?: (url: URL) => string | undefined
  /** Headers for the proxy alone. */
  readonly headers?: (url: URL) => Readonly<Record<string, string>> | undefined
}

const UNCHANGED: Framing = {}

/**
 * Held from the start, so that fake timers that replace it later do not stop exchanges that wait for nothing but themselves. Of the
 * global, here and elsewhere: importing node:process reads all that is in it, and opens the standard streams for that.
 */
export const defer: typeof process.nextTick = process.nextTick

/** Sends a request into undici; errors come back through the handler or are thrown. */
export type Dispatch = (options: Dispatcher.DispatchOptions, exchange: DispatchExchange) => void

/** Begins an exchange over connections of our own, which say no more than `onSent`, or that they failed, before they return. */
export function openExchange(
  dispatch: Dispatch,
  request: WireRequest,
  receiver: Receiver,
  framing: Framing = UNCHANGED,
): Exchange {
  const exchange: DispatchExchange = {
    ...BLANK,
    dispatch,
    request,
    receiver: inOwnContext(receiver),
    framing,
    starting: true,
  }
  begin(exchange)
  exchange.starting = false
  return exchange
}

/** Begins one over a dispatcher of somebody else with the next tick, because it may answer whole before it returns, as a mock does. */
export function openForeignExchange(dispatch: Dispatch, request: WireRequest, receiver: Receiver): Exchange {
  const exchange: DispatchExchange = { ...BLANK, dispatch, request, receiver: inOwnContext(receiver) }
  defer(begin, exchange)
  return exchange
}

function begin(exchange: DispatchExchange): void {
  if (exchange.settled) return
  const { request, framing } = exchange
  const { url, body } = request
  const added = framing.headers?.(url)
  try {
    exchange.dispatch(
      {
        origin: url.origin,
        path: framing.path?.(url) ?? url.pathname + url.search,
        method: request.method,
        headers: added === undefined ? request.headers : { ...request.headers, ...added },
        // A web stream is async iterable, which undici takes as it is; its types do not say so.
        body: (body ?? null) as string | null,
        // Ours are exact and count the waiting; undici's fire late and would cut long generations at 300 s.
        headersTimeout: 0,
        bodyTimeout: 0,
        // A host's interceptor would follow a redirect with the credential.
        ...NO_REDIRECT,
      },
      exchange,
    )
  } catch (error) {
    fail(exchange, error)
  }
}

const NO_REDIRECT: object = { maxRedirections: 0 }

export function fail(exchange: DispatchExchange, error: unknown): void {
  if (exchange.settled) return
  // No receiver hears of a failure before it has the handle on what failed.
  if (exchange.starting) return defer(fail, exchange, error)
  exchange.settled = true
  exchange.decoder?.destroy()
  if (!exchange.sent) exchange.connection?.leave(exchange)
  exchange.receiver.onError(error)
}

const BEHAVIOUR: Behaviour & ThisType<DispatchExchange> = {
  pause() {
    this.paused = true
    if (this.decoder) this.decoder.pause()
    else this.controller?.pause()
  },

  resume() {
    this.paused = false
    if (this.decoder) this.decoder.resume()
    else this.controller?.resume()
  },

  cancel(reason) {
    if (this.settled) return
    this.settled = true
    this.decoder?.destroy()
    // undici makes an error of its own for an abort without a reason; whatever it reports then is not passed on.
    if (this.controller) abort(this.controller, (reason ?? CANCELLED) as Error)
    else this.connection?.leave(this)
  },

  onRequestStart(controller) {
    if (this.settled) {
      // Cancelled while it waited for its turn. An abort would destroy the healthy connection that has just become free; undici
      // drops a request whose handler throws here and leaves our connection alone. Of a foreign dispatcher we do not know that.
      if (this.connection) throw CANCELLED
      abort(controller, CANCELLED)
      return
    }
    this.controller = controller
    if (this.paused) controller.pause()
    const reused = this.connection?.begin(this) ?? false
    // Over HTTP/2 undici sends a refused request once more by itself.
    if (this.sent) return this.receiver.onResent()
    this.sent = true
    this.receiver.onSent(reused)
  },

  onResponseStart(controller, status, headers) {
    if (this.settled || status < 200) return
    const bag = joined(headers)
    // What their headers say of a body is said of one that does not come.
    if (status !== 204 && status !== 304 && this.request.method !== 'HEAD') {
      const length = bag['content-length']
      if (length !== undefined) this.owed = Number(length)
      const encoding = bag['content-encoding']
      if (encoding !== undefined) this.decoder = openDecoder(encoding, decoderSink(this, controller))
      if (this.decoder && this.paused) {
        // From here on the decoder waits for the receiver, and the connection for the decoder.
        this.decoder.pause()
        controller.resume()
      }
    }
    this.answered = true
    this.receiver.onHeaders(status, bag)
  },

  decoding() {
    return !this.settled && !this.paused && (this.decoder?.busy() ?? false)
  },

  onResponseData(_controller, chunk) {
    if (this.settled) return
    this.owed -= chunk.length
    if (this.decoder) this.decoder.write(chunk)
    else this.receiver.onData(chunk)
  },

  onResponseEnd() {
    if (this.settled) return
    // HTTP/1 has counted; an HTTP/2 stream that is reset with NO_ERROR or CANCEL ends here as if it were whole.
    if (this.owed > 0) return fail(this, lengthMismatch())
    if (this.decoder) return this.decoder.end()
    this.settled = true
    this.receiver.onEnd()
  },

  onResponseError(_controller, error) {
    const { connection } = this
    // The reset of an idle connection fails what undici was about to send on it; its orderly end does not. Nothing has left: begin
    // again. Only the system's errors: a refused header or a closed agent would be met again for ever.
    if (!this.settled && !this.sent && connection?.used() && 'syscall' in error) {
      connection.leave(this)
      this.connection = undefined
      defer(begin, this)
      return
    }
    if (!this.settled && !this.answered && asResponse(this, error)) return
    fail(this, error)
  },

  onRequestUpgrade(controller) {
    const error = new Error('The server switched protocols instead of answering')
    abort(controller, error)
    fail(this, error)
  },
}

/**
 * What every exchange begins as. A copy of one object, methods and all: ten closures for every request would be a measurable part of
 * what a call costs, setting a prototype in a literal is ten times as slow as copying, and a copy is born young (see open-call.ts).
 */
const BLANK: DispatchExchange = {
  ...BEHAVIOUR,
  dispatch: undefined as never,
  request: undefined as never,
  receiver: undefined as never,
  framing: UNCHANGED,
  connection: undefined,
  waiting: false,
  controller: undefined,
  decoder: undefined,
  starting: false,
  settled: false,
  sent: false,
  paused: false,
  answered: false,
  owed: Number.NaN,
}

/** That of a dispatcher which is not ours may throw; the call is over all the same. */
function abort(controller: Dispatcher.DispatchController, reason: Error): void {
  try {
    controller.abort(reason)
  } catch {
    // Its connection is its own.
  }
}

const CANCELLED = Object.assign(new Error('The exchange was cancelled'), { code: 'ABORT_ERR' })

function decoderSink(
  exchange: DispatchExchange,
  controller: Dispatcher.DispatchController,
): Parameters<typeof openDecoder>[1] {
  return {
    onData(chunk) {
      if (!exchange.settled) exchange.receiver.onData(chunk)
    },
    onEnd() {
      if (exchange.settled) return
      exchange.settled = true
      exchange.receiver.onEnd()
    },
    onError(error) {
      fail(exchange, error)
      abort(controller, error)
    },
    pause: () => controller.pause(),
    resume: () => controller.resume(),
  }
}

/** What undici's RetryAgent and responseError throw in place of a response that is an error by its status. */
interface ResponseInError {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly headers?: Record<string, string | string[] | undefined> | undefined
  readonly body?: unknown
}

/** Reports a response that a foreign dispatcher has made an error of; false where it is none. */
function asResponse(exchange: DispatchExchange, error: Error): boolean {
  const { code, statusCode, headers, body } = error as ResponseInError
  if ((code !== 'UND_ERR_REQ_RETRY' && code !== 'UND_ERR_RESPONSE') || !(Number(statusCode) >= 400)) return false
  const { receiver } = exchange
  receiver.onHeaders(Number(statusCode), joined({ ...headers }))
  const text = typeof body === 'string' ? body : body == null ? '' : written(body)
  if (!exchange.settled && text) receiver.onData(new TextEncoder().encode(text))
  if (exchange.settled) return true
  exchange.settled = true
  receiver.onEnd()
  return true
}

/** undici's own object, made for this response alone, with repeated fields joined in place. */
function joined(headers: Record<string, string | string[] | undefined>): HeaderBag {
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string') headers[name] = value === undefined ? '' : value.join(separatorOf(name))
  }
  return headers as HeaderBag
}
