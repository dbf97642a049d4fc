import { type Call, emit } from '../call/call.ts'
import { adopted, endingError } from '../call/failure.ts'
import { leaveCall } from '../call/open-call.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import type { AnyCompletionError, CompletionError, StopReason } from '../vocabulary/errors.ts'
import type { Answer } from '../vocabulary/provider.ts'

/** Completes the error that a call fails with, tells the observers, and gives back what the call holds. */
export function finishFailure(call: Call, error: CompletionError, stopReason: StopReason): void {
  const duration = call.clock.now() - call.startedAt
  const attempts = [...call.attempts]
  // Our own error, made for this call; until now an event may have shown it, but nobody has been given it as the outcome.
  Object.assign(error, { stopReason, attempts, duration })
  leaveCall(call)
  emit(call, { type: 'failure', duration, attempts, error: error as AnyCompletionError })
}

/** Tells the observers of a call's result, and gives back what the call holds. */
export function finishSuccess(call: Call, { finishReason, usage }: Pick<Answer, 'finishReason' | 'usage'>): void {
  const { attempts } = call
  const { startOffset, duration } = attempts.at(-1) as Attempt
  leaveCall(call)
  emit(call, { type: 'success', duration: startOffset + duration, attempts, finishReason, usage })
}

/** The error of a call that was over before it began: nothing has been sent. */
export function endedBefore(call: Call): Error {
  const ending = call.ending as NonNullable<Call['ending']>
  const error = ending.error ? adopted(call, ending.error) : endingError(call, ending)
  finishFailure(call, error, ending.stopReason)
  return error
}
