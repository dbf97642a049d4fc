import type { Code, TimeoutPhase } from './errors.ts'
import type { Usage } from './result.ts'

/** What happened in one attempt. Offsets and durations in milliseconds. */
export interface Attempt {
  /** Counts from 0. */
  readonly index: number
  /** The provider's name. */
  readonly provider: string
  /** The model that was asked for. */
  readonly model: string
  /** From the start of the call to the start of this attempt. */
  readonly startOffset: number
  /** From its start to its outcome. */
  readonly duration: number
  /** The wait before this attempt. */
  readonly delayBefore: number
  /** Who chose that wait; null where there was none. */
  readonly delayFrom: 'backoff' | 'server' | null
  /** `cancelled`: ended from outside, by the deadline, the caller or the client. */
  readonly outcome: 'ok' | 'error' | 'cancelled'
  /** Of the response, where one came. */
  readonly status?: number | undefined
  /** The provider's id of the request, for its support. */
  readonly requestId?: string | undefined
  /** What it failed with, in short. */
  readonly error?:
    | { readonly code: Code; readonly phase?: TimeoutPhase | undefined; readonly message: string }
    | undefined
  /** From the attempt's start. */
  readonly timeToHeaders?: number | undefined
  /** From the attempt's start. */
  readonly timeToFirstToken?: number | undefined
  /** What the provider says it cost. */
  readonly usage?: Usage | undefined
  /**
   * True where the request died unanswered on a reused connection and was sent once more, at once, on a fresh one; or where the server
   * gave it back unread (HTTP/2) and it was sent once more.
   */
  readonly reconnect?: boolean | undefined
}
