import type { BodyControls, BodyReader, Conclusion, GoodResponse, WholeAnswer } from '../answer/body.ts'
import type { Call } from '../call/call.ts'
import type { Watcher } from '../call/call-timer.ts'
import type { Exchange, Receiver, WireRequest } from '../transport/transport.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import type { CompletionError } from '../vocabulary/errors.ts'
import type { PartialAnswer } from '../vocabulary/result.ts'
import type { Credentials } from './credentials.ts'

/** How an attempt came to be made. */
export interface AttemptPlan {
  readonly delayBefore: number
  readonly delayFrom: Attempt['delayFrom']
  /** Credentials that have been asked for already, after a 401. */
  readonly credentials?: Credentials
}

/** What one kind of call makes of its attempts. Exactly one of `succeed` and `fail` is called, once. */
export interface AttemptUser<U> {
  openBody(call: Call, response: GoodResponse, controls: BodyControls): BodyReader
  conclude(call: Call, value: WholeAnswer): Conclusion<U> | Promise<Conclusion<U>>
  succeed(value: U, response: GoodResponse): void
  fail(error: CompletionError): void
}

/** An attempt under way: what the transport reports to, and what the reader of its body controls it by. */
export interface Running extends Behaviour {
  readonly call: Call
  readonly plan: AttemptPlan
  readonly user: AttemptUser<unknown>
  readonly index: number
  readonly startedAt: number
  /** When the request began to leave on a connection that had been used. */
  sentAt: number
  request: WireRequest | undefined
  exchange: Exchange | undefined
  controller: AbortController | undefined
  response: GoodResponse | undefined
  reader: BodyReader | undefined
  errorBody: Uint8Array[] | undefined
  errorBytes: number
  misfit: PartialAnswer | undefined
  over: boolean
  /** The whole body has been read and is being understood. */
  concluding: boolean
  /** It has been understood, too, and success waits for the end of its connection alone. */
  known: (() => void) | undefined
  sent: boolean
  reused: boolean
  reconnect: boolean
  /** The body has ended, or the exchange has failed. */
  ended: boolean
  timeToHeaders: number | undefined
  timeToFirstToken: number | undefined
}

/** The methods, which all attempts share. */
export interface Behaviour extends Receiver, BodyControls, Pick<Watcher, 'expired' | 'decoding'> {}
