import type { BodyOutcome, Conclusion, GoodResponse } from '../answer/body.ts'
import { textOf } from '../answer/parse.ts'
import { afterTurn } from '../base/turn.ts'
import { YOUNG } from '../base/young.ts'
import { emit } from '../call/call.ts'
import { finishPhase, stopPhases } from '../call/call-timer.ts'
import { type AttemptFacts, indescribable, observedError } from '../call/failure.ts'
import { MOST_SHOWN, type Observation, type SeenResponse } from '../classify/observation.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import type { CompletionError } from '../vocabulary/errors.ts'
import type { Usage } from '../vocabulary/result.ts'
import type { Running } from './running-attempt.ts'

// How an attempt ends: what its body turned out to be, what that means for the call, and the record of it.

/** Lets the reader read. What it throws is a fault of the provider's own code, and must not be lost in the transport. */
export function reading(running: Running, read: () => BodyOutcome | undefined): void {
  if (running.concluding) return
  let outcome: BodyOutcome | undefined
  try {
    outcome = read()
  } catch (error) {
    return threw(running, error)
  }
  if (outcome) settled(running, outcome)
}

/**
 * A limit is over while nothing but what may follow a finished answer is waited for: the answer came in time. False where there is none,
 * or where understanding it takes longer than now.
 */
export function provenInTime(running: Running): boolean {
  running.known?.()
  const outcome = running.concluding ? undefined : running.reader?.proven?.()
  if (outcome) settled(running, outcome, true)
  return running.over
}

function settled(running: Running, outcome: BodyOutcome, atOnce = false): void {
  const { over, call, user, response } = running
  if (over || !response) return
  if (outcome.kind !== 'whole') return observed(running, { ...outcome, response: seen(running, response) })
  running.concluding = true
  const { value, usage } = outcome
  let concluded: Conclusion<unknown> | Promise<Conclusion<unknown>>
  try {
    concluded = user.conclude(call, value)
  } catch (error) {
    return threw(running, error)
  }
  if (!(concluded instanceof Promise)) return finished(running, response, concluded, usage, atOnce)
  // A schema may take its time; the attempt's own limit and the call's end hold meanwhile.
  finishPhase(running, 'idle')
  concluded.then(
    (known) => finished(running, response, known, usage, false),
    (error: unknown) => threw(running, error),
  )
}

function finished(
  running: Running,
  response: GoodResponse,
  concluded: Conclusion<unknown>,
  usage: Usage | undefined,
  atOnce: boolean,
): void {
  if (running.over) return
  if (concluded.kind === 'misfit') {
    const { partial, correction, ...found } = concluded
    running.misfit = partial
    running.call.correction = correction
    return observed(running, { ...found, kind: 'invalid', response: seen(running, response) })
  }
  const { value } = concluded
  // The end of the body usually stands in the same packet as the end marker; a connection that has ended well can be used again.
  if (running.ended || atOnce) succeeded(running, response, value, usage)
  else {
    running.known = () => succeeded(running, response, value, usage)
    afterTurn(running.known)
  }
}

function succeeded(running: Running, response: GoodResponse, value: unknown, usage: Usage | undefined): void {
  if (running.over) return
  const { call, user } = running
  close(running, 'ok', undefined, usage)
  // Only where the provider's end marker came and its body does not end: what is left of it is worth nothing.
  if (!running.ended) running.exchange?.cancel(undefined)
  try {
    user.succeed(value, response)
  } catch (error) {
    const problem = 'the provider gave an answer that lacks something, see the cause'
    const found = { kind: 'invalid', problem, retryable: false, response: seen(running, response), error } as const
    user.fail(observedError(call, found, factsOf(running)))
  }
}

export function threw(running: Running, error: unknown): void {
  if (!running.response) return
  const problem = 'the provider could not read it: its own code threw, see the cause'
  observed(running, { kind: 'invalid', problem, retryable: false, response: seen(running, running.response), error })
}

export function statusSeen(running: Running, whole = false): void {
  const { response, errorBody, call } = running
  if (!response) return
  call.refusal = { ...response, body: errorBody ?? [], whole }
  observed(running, { kind: 'status', response: seen(running, response) })
}

export function observed(running: Running, observation: Observation): void {
  failed(running, describedError(running, observation))
}

/** Total: what a provider of the user's own has said may make the description of a failure fail, and the call has to end all the same. */
function describedError(running: Running, observation: Observation): CompletionError {
  try {
    return observedError(running.call, observation, factsOf(running))
  } catch (error) {
    return indescribable(running.call, running.sent, error)
  }
}

export function failed(running: Running, error: CompletionError, outcome: 'error' | 'cancelled' = 'error'): void {
  if (running.over) return
  close(running, outcome, error, error.partial?.usage)
  running.exchange?.cancel(error)
  running.controller?.abort(error)
  running.user.fail(error)
}

/** The end of the attempt, whichever it is. */
function close(running: Running, outcome: Attempt['outcome'], error?: CompletionError, usage?: Usage): void {
  const { call, plan, index, startedAt, response } = running
  running.over = true
  stopPhases(running)
  call.interrupt = undefined
  const attempt: Attempt = {
    ...YOUNG,
    index,
    provider: call.provider.name,
    model: call.request.model,
    startOffset: startedAt - call.startedAt,
    duration: call.clock.now() - startedAt,
    delayBefore: plan.delayBefore,
    delayFrom: plan.delayFrom,
    outcome,
    status: response?.status,
    // Some say it in the body alone.
    requestId: response && (response.requestId ?? error?.requestId),
    error: error && { code: error.code, phase: error.phase, message: error.message },
    timeToHeaders: running.timeToHeaders,
    timeToFirstToken: running.timeToFirstToken,
    usage,
    reconnect: running.reconnect || undefined,
  }
  call.attempts.push(attempt)
  emit(call, { type: 'attempt.end', attempt })
}

export function factsOf(running: Running): AttemptFacts {
  const { sent, reconnect, response, misfit, reader } = running
  let partial = misfit
  try {
    partial ??= reader?.partial()
  } catch {
    // The provider's own code, which is asked while the call ends: what it cannot say is lost.
  }
  return { sent, reconnect, response: response && seen(running, response), partial }
}

export function seen({ reader, errorBody }: Running, { status, headers }: GoodResponse): SeenResponse {
  return { status, headers, body: reader ? reader.text() : textOf(errorBody ?? [], MOST_SHOWN) }
}
