import { type BodyReader, startAttempt } from './attempt.ts'
import { runAttempts } from './attempts.ts'
import { type Call, emit } from './call.ts'
import { completionOf } from './completion.ts'
import { withinDeadline } from './deadline.ts'
import { endingError } from './failure.ts'
import { type JsonAnswer, openJsonBody } from './json-body.ts'
import { type CallInput, openCall } from './open-call.ts'
import type { Completion } from './result.ts'
import { finishFailure } from './settle.ts'
import { requestIdOf } from './request-id.ts'
import { understanding, type Understood } from './understanding.ts'

/**
 * The life of a call that is answered at once:
 *
 *     request    openCall: checked, prepared, its deadline fixed               ✗ TypeError
 *        │
 *     deadline   withinDeadline: the total, over all that follows             ✗ timeout (total), aborted
 *        │
 *     attempts   runAttempts: try, decide, wait ◄────────┐                    ✗ the last real error, and why it was the last
 *        │                                               │ retryable
 *     attempt    startAttempt: credential, transport, phases                  ✗ timeout (attempt, connect, headers), network
 *        │                                               │
 *     parse      openJsonBody: whole, or not an answer   │
 *        │       understanding: tools' inputs, output     │
 *        │                                               │
 *     classify   what a failure means ───────────────────┘                    ✗ one of the codes
 *        │
 *     result     completionOf
 */
export function complete(input: CallInput): Promise<Completion> {
  const call = openCall(input, false)
  return call.ending
    ? Promise.reject(endedBefore(call))
    : withinDeadline(
        call,
        runAttempts(call, (plan) => attemptOnce(call, plan)),
      )
}

function attemptOnce(call: Call, plan: Parameters<typeof startAttempt>[1]): Promise<Completion> {
  const open = (): BodyReader<Understood<JsonAnswer>> =>
    understanding(call, openJsonBody(call.provider, call.settings.layer.maxResponseBytes))
  return new Promise((resolve, reject) => {
    startAttempt(
      call,
      plan,
      open,
      (understood, { status, headers }) => {
        const completion = completionOf(call, { ...understood, status, headers, requestId: requestIdOf(headers) })
        const { duration, attempts, finishReason, usage } = completion
        call.release()
        emit(call, { type: 'success', duration, attempts, finishReason, usage })
        resolve(completion)
      },
      reject,
    )
  })
}

/** The error of a call that was over before it began. */
function endedBefore(call: Call): Error {
  const ending = call.ending as NonNullable<Call['ending']>
  const error = endingError(call, ending, { sent: false, response: undefined, partial: undefined })
  finishFailure(call, error, ending.stopReason)
  return error
}
