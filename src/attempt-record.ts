import type { Code, TimeoutPhase } from './errors.ts'
import type { Usage } from './result.ts'

/** What happened in one attempt. Offsets and durations in milliseconds. */
export interface Attempt {
  /** Counts from 0. */
  readonly index: number
  readonly provider: string
  readonly model: string
  /** From the start of the call to the start of this attempt. */
  readonly startOffset: number
  readonly duration: number
  /** The wait before this attempt. */
  readonly delayBefore: number
  /** Who chose that wait; null where there was none. */
  readonly delayFrom: 'backoff' | 'server' | null
  readonly outcome: 'ok' | 'error' | 'cancelled'
  readonly status?: number | undefined
  readonly requestId?: string | undefined
  readonly error?:
    | { readonly code: Code; readonly phase?: TimeoutPhase | undefined; readonly message: string }
    | undefined
  /** From the attempt's start. */
  readonly timeToHeaders?: number | undefined
  /** From the attempt's start. */
  readonly timeToFirstToken?: number | undefined
  readonly usage?: Usage | undefined
  /** True where the request died unanswered on a reused connection and was sent once more, at once, on a fresh one. */
  readonly reconnect?: boolean | undefined
}
