import type { Attempt } from './attempt-record.ts'
import type { AnyCompletionError } from './errors.ts'
import type { FinishReason, Metadata, Usage } from './result.ts'

interface EventBase {
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

/** What happens in a call, as it happens. No event carries a secret, a prompt or an answer. */
export type CallEvent =
  /** An attempt begins; `attempt` counts from 0. */
  | (EventBase & { readonly type: 'attempt.start'; readonly attempt: number })
  /** An attempt is over, and this is its record. */
  | (EventBase & { readonly type: 'attempt.end'; readonly attempt: Attempt })
  /** The first content of an attempt has arrived, `elapsed` ms after the attempt's start. */
  | (EventBase & { readonly type: 'first_token'; readonly attempt: number; readonly elapsed: number })
  /** The provider is alive but sends no content. */
  | (EventBase & { readonly type: 'ping'; readonly attempt: number })
  /** Another attempt follows after `delay` ms; `attempt` is its number, and `error` what the one before failed with. */
  | (EventBase & {
      readonly type: 'retry'
      readonly attempt: number
      readonly delay: number
      readonly delayFrom: 'backoff' | 'server' | null
      readonly error: AnyCompletionError
    })
  /** The call has its result, `duration` ms after it was made; the last event of it. */
  | (EventBase & {
      readonly type: 'success'
      readonly duration: number
      readonly attempts: readonly Attempt[]
      readonly finishReason: FinishReason
      readonly usage: Usage | undefined
    })
  /** The call has failed, `duration` ms after it was made; the last event of it. */
  | (EventBase & {
      readonly type: 'failure'
      readonly duration: number
      readonly attempts: readonly Attempt[]
      readonly error: AnyCompletionError
    })
