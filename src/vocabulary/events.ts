import type { Attempt } from './attempt-record.ts'
import type { AnyCompletionError } from './errors.ts'
import type { FinishReason, Metadata, Usage } from './result.ts'

/** What every event has. */
export interface EventBase {
  /** The same on every event of a call, on its completion and on its error. */
  readonly callId: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** The caller's labels. */
  readonly metadata: Metadata
  /** The provider's name. */
  readonly provider: string
  /** The model that was asked for. */
  readonly model: string
}

/** An attempt begins. */
export interface AttemptStartEvent extends EventBase {
  readonly type: 'attempt.start'
  /** Its number, from 0. */
  readonly attempt: number
}

/** An attempt is over. */
export interface AttemptEndEvent extends EventBase {
  readonly type: 'attempt.end'
  /** Its record. */
  readonly attempt: Attempt
}

/** The first content of an attempt has arrived. */
export interface FirstTokenEvent extends EventBase {
  readonly type: 'first_token'
  /** The attempt's number, from 0. */
  readonly attempt: number
  /** Milliseconds since the attempt's start. */
  readonly elapsed: number
}

/** The provider is alive but sends no content. */
export interface PingEvent extends EventBase {
  readonly type: 'ping'
  /** The attempt's number, from 0. */
  readonly attempt: number
}

/** Another attempt follows. */
export interface RetryEvent extends EventBase {
  readonly type: 'retry'
  /** The number of the attempt that follows. */
  readonly attempt: number
  /** The wait before it, in milliseconds. */
  readonly delay: number
  /** Who has said so: our own schedule, or the server; null where there is no wait. */
  readonly delayFrom: 'backoff' | 'server' | null
  /** What the attempt before failed with. */
  readonly error: AnyCompletionError
}

/** The call has its result: its last event. */
export interface SuccessEvent extends EventBase {
  readonly type: 'success'
  /** Milliseconds from the call to its result. */
  readonly duration: number
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[]
  /** Why the model stopped. */
  readonly finishReason: FinishReason
  /** Token counts, where the provider has told them. */
  readonly usage: Usage | undefined
}

/** The call has failed: its last event. */
export interface FailureEvent extends EventBase {
  readonly type: 'failure'
  /** Milliseconds from the call to its failure. */
  readonly duration: number
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[]
  /** What the call fails with. */
  readonly error: AnyCompletionError
}

/** What happens in a call, as it happens. No event carries a secret, a prompt or an answer. May grow in a minor version. */
export type CallEvent =
  | AttemptStartEvent
  | AttemptEndEvent
  | FirstTokenEvent
  | PingEvent
  | RetryEvent
  | SuccessEvent
  | FailureEvent
