import type { Correction, Expected } from '../request/output.ts'
import type { Transport, WireRequest } from '../transport/transport.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import type { Clock } from '../vocabulary/clock.ts'
import type { AnyCompletionError, Code, CompletionError } from '../vocabulary/errors.ts'
import type { CallEvent } from '../vocabulary/events.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import type { AnswerReader, Provider, ProviderRequest } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import type { CallHost } from './call-host.ts'
import type { CallTimer } from './call-timer.ts'
import type { Settings } from './resolve-options.ts'

/** Why a call must not go on: its total has expired, its caller has left, its client is closed, its request cannot be made. */
export interface Ending {
  readonly code: Code
  readonly stopReason: 'deadline' | 'aborted' | 'not_retryable'
  /** Without the code; what happened, and what to do. */
  readonly message: string
  readonly phase?: 'total' | 'signal' | undefined
  /** The caller's reason, where there is one. */
  readonly cause?: unknown
  /** The provider's own error, in place of one that is made of the above. */
  readonly error?: AnyCompletionError | undefined
}

/** What a call sends: a provider's POST, or the request of somebody else, with a method and a body of its own. */
export interface CallRequest extends Omit<ProviderRequest, 'body'> {
  /** Undefined for a provider's request, which is a POST of JSON. */
  readonly method?: string | undefined
  readonly body: WireRequest['body']
}

/** A response that is an error by its status, as it came. */
export interface Refusal {
  readonly status: number
  readonly headers: HeaderBag
  /** At most 64 KiB and one chunk of it. */
  readonly body: readonly Uint8Array[]
  /** False where more of it was to come. */
  readonly whole: boolean
}

/** One call under way: what was decided when it began, and the little that changes while it lasts. */
export interface Call {
  readonly id: string
  /** What its client lends it. */
  readonly host: CallHost
  readonly settings: Settings
  /** Changes where a fetch has to read the body of its request first; `request` and `wire` with it. */
  provider: AnswerReader & Partial<Provider>
  /** Changes where the model is told why its answer did not fit; `wire` with it. */
  request: ResolvedRequest
  wire: CallRequest
  readonly expected: Expected
  /** Set by an answer that did not fit, until the next attempt is decided on. */
  correction: Correction | undefined
  readonly url: URL
  readonly transport: Transport
  readonly clock: Clock
  /** On the clock's monotonic scale, as `endsAt` is. */
  readonly startedAt: number
  readonly endsAt: number
  readonly timer: CallTimer
  /** Each of them ends the call: the caller's own, and those of the request being served. */
  readonly signals: readonly AbortSignal[]
  readonly attempts: Attempt[]
  /** What the latest attempt failed with. */
  lastError: CompletionError | undefined
  /** The credential headers of the latest attempt: nothing of them may be shown. */
  credentials: Readonly<Record<string, string>>
  /** Those of the attempts before: a server may speak of one that it has refused. */
  pastCredentials: readonly string[]
  /** The latest response that was an error by its status. */
  refusal: Refusal | undefined
  /** Where it stands among the calls of its client that are under way; -1 where it does not. */
  place: number
  /** Listens to each of its signals. */
  onAbort: (() => void) | undefined
  /** Set once the call must not go on. */
  ending: Ending | undefined
  /**
   * A call does one interruptible thing at a time: it asks for a credential, it is in an attempt, it asks `shouldRetry`, it waits.
   * Whatever it is, this ends it at once.
   */
  interrupt: ((ending: Ending) => void) | undefined
}

/** Ends a call from outside: by its deadline, its caller or its client. The first reason stays. */
export function endCall(call: Call, ending: Ending): void {
  if (call.ending) return
  call.ending = ending
  call.interrupt?.(ending)
}

/** What is left of the total, in milliseconds. */
export const remaining = (call: Call): number => call.endsAt - call.clock.now()

/** The part of an event that its kind decides. */
export type EventBody = CallEvent extends infer E
  ? E extends CallEvent
    ? Omit<E, 'callId' | 'at' | 'metadata' | 'provider' | 'model'>
    : never
  : never

/** Tells every observer; one that throws harms nothing. */
export function emit(call: Call, body: EventBody): void {
  const { onEvents, metadata } = call.settings.layer
  if (onEvents.length === 0) return
  const event = {
    ...body,
    callId: call.id,
    at: call.clock.wallNow(),
    metadata,
    provider: call.provider.name,
    model: call.request.model,
  } as CallEvent
  for (const onEvent of onEvents) {
    try {
      const returned: unknown = onEvent(event)
      // An async observer's rejection would be nobody's, and end the process.
      if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function')
        Promise.resolve(returned).catch(() => {})
    } catch {
      // An observer's own trouble is not the call's.
    }
  }
}
