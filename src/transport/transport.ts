import type { Code, TimeoutPhase } from '../vocabulary/errors.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import type { DispatcherLike, FetchLike } from '../vocabulary/options.ts'

/** One request, ready to be written. A body that is whole can be written again; a stream can not. */
export interface WireRequest {
  readonly method: string
  readonly url: URL
  /** Names in lower case; values checked. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | undefined
}

/**
 * What a transport tells of one exchange, in this order: sent?, resent*, headers?, data*, then exactly one of end and error.
 * After `cancel` it tells nothing more. A transport never classifies and never retries.
 */
export interface Receiver {
  /** What it does with what it is told may run code of the caller's own, which is to find the caller's async context. */
  readonly runsOwnCode?: boolean
  /** A connection is there and the request begins to leave. `reused`: the connection has carried a request before. */
  onSent(reused: boolean): void
  /** The server has given the request back unread (HTTP/2's REFUSED_STREAM and GOAWAY), and it begins to leave again. */
  onResent(): void
  /** The final response's status line and headers (a 1xx is not reported). */
  onHeaders(status: number, headers: HeaderBag): void
  /** Decoded body bytes; the chunk is the receiver's to keep. */
  onData(chunk: Uint8Array): void
  /** The body ended as its framing says it should. */
  onEnd(): void
  /** The exchange failed: whatever was thrown, as it is. */
  onError(error: unknown): void
}

/** The handle on an exchange under way. Every member may be called at any time and more than once. */
export interface Exchange {
  pause(): void
  resume(): void
  /** Bytes that have come are still being decoded, outside the event loop. */
  decoding?(): boolean
  /** Ends the exchange at once: its socket is closed, also one that is still connecting. */
  cancel(reason: unknown): void
}

/** How requests leave the process: undici, or a WHATWG fetch. */
export interface Transport {
  /**
   * Never throws, and tells the receiver nothing but `onSent` before it has returned. `fresh` asks for a connection that nobody has
   * used.
   */
  start(request: WireRequest, receiver: Receiver, fresh: boolean): Exchange
  /** A request may wait in a queue of somebody else's before it is connected, which no default limit counts. */
  readonly queues?: boolean
  /** Destroys every connection. */
  close(): void
}

/** Which transport a call asks for; the three members exclude each other, and `proxy` alone has a default. */
export interface TransportChoice {
  readonly fetch?: 'global' | FetchLike | undefined
  readonly dispatcher?: DispatcherLike | undefined
  /** Undefined is 'env', unless the host has set a dispatcher for the whole process. */
  readonly proxy?: 'env' | string | false | undefined
}

/** A client's transports: picked per call, opened on first use, kept until the client is closed. */
export interface Transports {
  /** What the errors of this runtime mean, beside those that every runtime may throw. */
  readonly errors?: readonly ThrownRule[]
  pick(choice: TransportChoice): Transport
  close(): void
}

/** A pattern over the names, codes and messages of an error and of what lies beneath it, and what it means. */
export type ThrownRule = readonly [
  pattern: RegExp,
  /** What happened, in our words. */
  what: string,
  code: Code,
  /** @defaultValue false */
  retryable?: boolean,
  phase?: TimeoutPhase,
]
