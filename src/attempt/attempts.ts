import pRetry from 'p-retry'
import { type Call, type Ending, emit, remaining } from '../call/call.ts'
import { leaveCall } from '../call/open-call.ts'
import { goOn, interruptible, oneTurn, sleep } from '../call/waiting.ts'
import type { Correction } from '../request/output.ts'
import {
  type AnyCompletionError,
  type CompletionError,
  isCompletionError,
  type StopReason,
} from '../vocabulary/errors.ts'
import { leastAttempt, nextWait, type Wait } from './backoff.ts'
import { askAgain, takeCorrection } from './correction.ts'
import { credentials } from './credentials.ts'
import type { AttemptPlan } from './running-attempt.ts'
import { finishFailure } from './settle.ts'

const FIRST: AttemptPlan = { delayBefore: 0, delayFrom: null }

/**
 * Tries until one attempt succeeds or a failure is final. p-retry carries the loop; deciding and waiting are ours, in `shouldRetry`,
 * because a server's hint, the deadline and an abort all have a say in the wait.
 */
export function runAttempts<T>(call: Call, attempt: (plan: AttemptPlan) => Promise<T>): Promise<T> {
  const loop = { ...FRESH }
  return pRetry(() => attempt(loop.plan), {
    retries: Infinity,
    minTimeout: 0,
    shouldRetry: ({ error }) => decide(call, loop, error),
  })
}

const FRESH: Loop = { plan: FIRST, retries: 0, corrections: 0, renewed: false, overruled: false }

interface Loop {
  plan: AttemptPlan
  /** Retries made so far; the attempt after a renewed credential is none. */
  retries: number
  /** Retries among them in which the model is told why its answer did not fit. */
  corrections: number
  renewed: boolean
  /** The caller's shouldRetry has made the latest retry, against the classification. */
  overruled: boolean
}

/** Whether another attempt follows; if so, the wait is over when this resolves. */
async function decide(call: Call, loop: Loop, thrown: unknown): Promise<boolean> {
  if (!isCompletionError(thrown)) {
    // Nothing of ours throws here; whatever it is, the call is over.
    leaveCall(call)
    return false
  }
  const error = thrown
  keepReceived(error, call.lastError)
  // The attempt was ended with the call, and this is the error of that.
  if (call.ending && endedBy(call.ending, error)) return stop(call, error, call.ending.stopReason)
  call.lastError = error
  try {
    goOn(call)
    if (await renewed(call, loop, error)) {
      tellRetry(call, loop.plan, error)
      return true
    }
    const correction = takeCorrection(call)
    const { plan, reason } = await next(call, loop, error, correction)
    if (!plan) return stop(call, error, reason)
    if (correction) {
      loop.corrections++
      askAgain(call, correction)
    }
    tellRetry(call, plan, error)
    if (plan.delayBefore > 0) await sleep(call, plan.delayBefore)
    else await oneTurn(call)
    loop.plan = plan
    loop.retries++
    return true
  } catch (interruption) {
    // The wait was ended from outside, the new credential could not be had, or the caller's shouldRetry threw: whichever it is, the
    // call fails with it. Only what was made for this call is ours to complete.
    const ending = (call as Pick<Call, 'ending'>).ending
    if (isCompletionError(interruption) && interruption.callId === call.id)
      stop(call, interruption, ending?.stopReason ?? 'not_retryable')
    else finishFailure(call, error, 'not_retryable')
    throw interruption
  }
}

/** What earlier attempts have received is not lost with one that received nothing. */
function keepReceived(error: CompletionError, before: CompletionError | undefined): void {
  // Our own error of this call, completed in place.
  const { partial } = error
  const earlier = before?.partial
  if (earlier && !(partial?.text || partial?.reasoning || partial?.toolCalls.length))
    Object.assign(error, { partial: { ...earlier, usage: partial?.usage ?? earlier.usage } })
  if (error.response !== undefined || before?.response === undefined) return
  const { response, status, requestId } = before
  Object.assign(error, { response, status }, requestId !== undefined && { requestId })
}

/** An observer may abort on what it is told. */
function tellRetry(call: Call, { delayBefore, delayFrom }: AttemptPlan, error: AnyCompletionError): void {
  emit(call, { type: 'retry', attempt: call.attempts.length, delay: delayBefore, delayFrom, error })
  goOn(call)
}

const endedBy = ({ code, phase }: Ending, error: CompletionError): boolean =>
  error.code === code && error.phase === phase

function stop(call: Call, error: CompletionError, reason: StopReason): false {
  finishFailure(call, error, reason)
  return false
}

/** After a 401 whoever gave the credential is asked once more; a newer one is tried at once. */
async function renewed(call: Call, loop: Loop, error: CompletionError): Promise<boolean> {
  if (error.status !== 401 || loop.renewed || !call.settings.policy || tooLittle(call, 0)) return false
  loop.renewed = true
  const controller = new AbortController()
  const asked = await interruptible(
    call,
    () => credentials(call, () => controller.signal, true),
    (ending) => controller.abort(ending),
  )
  if (asked) loop.plan = { delayBefore: 0, delayFrom: null, credentials: asked }
  return asked !== undefined
}

type Next =
  | { readonly plan: AttemptPlan; readonly reason?: undefined }
  | { readonly plan?: undefined; readonly reason: StopReason }

async function next(
  call: Call,
  loop: Loop,
  error: AnyCompletionError,
  correction: Correction | undefined,
): Promise<Next> {
  const { policy } = call.settings
  const shouldRetry = policy?.shouldRetry
  if (!policy || (!error.retryable && !shouldRetry) || loop.retries >= policy.maxRetries)
    return { reason: error.retryable || loop.overruled ? 'max_retries' : 'not_retryable' }
  if (correction && loop.corrections >= correction.most) return { reason: 'max_retries' }
  const left = remaining(call)
  const wait = nextWait(correction ? { ...policy, ...AT_ONCE } : policy, {
    code: error.code,
    retries: loop.retries,
    previousDelay: loop.plan.delayBefore,
    retryAfterMs: error.retryAfterMs,
    remaining: left,
    total: call.endsAt - call.startedAt,
    random: call.host.random,
  })
  const decision =
    shouldRetry &&
    (await interruptible(call, () =>
      shouldRetry(error, {
        attempt: call.attempts.length - 1,
        attempts: [...call.attempts],
        delay: wait.kind === 'wait' ? wait.delay : 0,
        remaining: left,
        retryable: error.retryable,
      }),
    ))
  if (!(decision === undefined ? error.retryable : decision)) return { reason: 'not_retryable' }
  loop.overruled = !error.retryable
  const chosen = typeof decision === 'object' ? overridden(wait, decision.delay, error) : planned(wait)
  // Deciding may have taken its time.
  return chosen.plan && shouldRetry && tooLittle(call, chosen.plan.delayBefore) ? { reason: 'deadline' } : chosen
}

/** A server whose answer did not fit is well: waiting helps nobody. */
const AT_ONCE = { baseDelay: 0, maxDelay: 0 }

function planned(wait: Wait): Next {
  if (wait.kind === 'stop') return { reason: wait.reason }
  const { delay, from } = wait
  return { plan: { delayBefore: delay, delayFrom: delay === 0 && from === 'backoff' ? null : from } }
}

/** A wait of the caller's own: never shorter than the server asked for, never past what is left. */
function overridden(wait: Wait, wished: unknown, error: AnyCompletionError): Next {
  if (typeof wished !== 'number' || !(wished >= 0 && wished < Infinity))
    throw new TypeError('retry.shouldRetry gave a delay that is no finite number of milliseconds of at least 0')
  if (wait.kind === 'stop' && wait.reason === 'retry_after') return { reason: 'retry_after' }
  const delay = Math.max(wished, error.retryAfterMs ?? 0)
  return { plan: { delayBefore: delay, delayFrom: delay > wished ? 'server' : delay === 0 ? null : 'backoff' } }
}

const tooLittle = (call: Call, delay: number): boolean =>
  remaining(call) - delay < leastAttempt(call.endsAt - call.startedAt)
