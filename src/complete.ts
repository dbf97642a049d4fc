import type { BodyControls, BodyReader, GoodResponse } from './answer/body.ts'
import { completionOf, type Understood } from './answer/completion.ts'
import { openJsonBody } from './answer/json-body.ts'
import { NO_TAKER, openStreamBody } from './answer/stream-body.ts'
import { understand } from './answer/understanding.ts'
import { startAttempt } from './attempt/attempt.ts'
import { runAttempts } from './attempt/attempts.ts'
import type { AttemptPlan, AttemptUser } from './attempt/running-attempt.ts'
import { endedBefore, finishSuccess } from './attempt/settle.ts'
import type { Call } from './call/call.ts'
import { withinDeadline } from './call/deadline.ts'
import { type CallInput, enterCall, openCall } from './call/open-call.ts'
import type { Completion } from './vocabulary/result.ts'

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
 *        │                                               │
 *     conclude   understand: tools' inputs, the output   │
 *        │                                               │
 *     classify   what a failure means ───────────────────┘                    ✗ one of the codes
 *        │
 *     result     completionOf
 */
export function complete(input: CallInput, wire: 'json' | 'stream'): Promise<Completion> {
  const call = openCall(input, wire === 'stream')
  enterCall(call, call.startedAt)
  if (call.ending) return Promise.reject(endedBefore(call))
  return withinDeadline(
    call,
    runAttempts(call, (plan) => attemptOnce(call, plan)),
  )
}

function attemptOnce(call: Call, plan: AttemptPlan): Promise<Completion> {
  return new Promise((resolve, fail) => {
    startAttempt(call, plan, {
      ...USER,
      succeed(understood, response) {
        const completion = completionOf(call, understood, response)
        finishSuccess(call, completion)
        resolve(completion)
      },
      fail,
    })
  })
}

/** One document; or a stream that is read as it comes, which tells a stall from a long answer. */
function openBody(
  { provider, clock, request, settings }: Call,
  response: GoodResponse,
  controls: BodyControls,
): BodyReader {
  const limit = settings.layer.maxResponseBytes
  if (!request.stream) return openJsonBody(provider, limit)
  return openStreamBody({ provider, controls, clock, limit, taker: NO_TAKER })
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const USER: AttemptUser<Understood> = {
  openBody,
  conclude: understand,
  succeed() {},
  fail() {},
}
