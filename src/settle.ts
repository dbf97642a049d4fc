import { type Call, emit } from './call.ts'
import type { AnyCompletionError, CompletionError, StopReason } from './errors.ts'

/** Completes the error that a call fails with, tells the observers, and gives back what the call holds. */
export function finishFailure(call: Call, error: CompletionError, stopReason: StopReason): void {
  const duration = call.clock.now() - call.startedAt
  const attempts = [...call.attempts]
  // Our own error, made for this call and handed out to nobody for keeping yet.
  Object.assign(error, { stopReason, attempts, duration })
  call.release()
  emit(call, { type: 'failure', duration, attempts, error: error as AnyCompletionError })
}
