import type { Attempt } from './attempt-record.ts'
import type { BodyControls, BodyOutcome, BodyReader, Conclusion, GoodResponse } from './body.ts'
import { type Call, type Ending, emit } from './call.ts'
import { type Credentials, credentials, sentHeaders } from './credentials.ts'
import type { CompletionError } from './errors.ts'
import { type AttemptFacts, endingError, observedError, shownRequestId, timeoutError } from './failure.ts'
import type { Observation, SeenResponse } from './observation.ts'
import { textOf } from './parse.ts'
import { type Phase, watchPhases } from './phases.ts'
import { DEAF, PASSIVE, UNADDRESSED, UNKNOWN, UNRECORDED } from './attempt-templates.ts'
import { afterTurn } from './turn.ts'
import type { PartialAnswer, Usage } from './result.ts'
import type { Exchange, Receiver, WireRequest } from './transport/transport.ts'

/** An error's body is worth this much waiting and this much reading: its status is known already. */
const ERROR_BODY_MS = 2_000
const ERROR_BODY_BYTES = 64 * 1024

/** How an attempt came to be made. */
export interface AttemptPlan {
  readonly delayBefore: number
  readonly delayFrom: Attempt['delayFrom']
  /** Credentials that have been asked for already, after a 401. */
  readonly credentials?: Credentials
}

/**
 * One try: credentials → transport → headers → body → outcome. Exactly one of `succeed` and `fail` is called, once, and nothing of the
 * attempt is left by then: no timer, no socket in use, no listener.
 */
export function startAttempt<T, U>(
  call: Call,
  plan: AttemptPlan,
  openBody: (response: GoodResponse, controls: BodyControls<T>) => BodyReader<T>,
  conclude: (value: T) => Conclusion<U> | Promise<Conclusion<U>>,
  succeed: (value: U, response: GoodResponse) => void,
  fail: (error: CompletionError) => void,
): void {
  const { clock, attempts, transport } = call
  const { limits, policy } = call.settings
  const index = attempts.length
  const startedAt = clock.now()
  let over = false
  let concluding = false
  let misfit: PartialAnswer | undefined
  let sent = false
  let reused = false
  let reconnect = false
  let exchange: Exchange | undefined
  let controller: AbortController | undefined
  let response: GoodResponse | undefined
  let reader: BodyReader<T> | undefined
  let ended = false
  let timeToHeaders: number | undefined
  let timeToFirstToken: number | undefined
  let errorBody: Uint8Array[] | undefined
  let errorBytes = 0
  const phases = watchPhases(clock, call.endsAt, expired)

  const facts = (): AttemptFacts => ({
    sent,
    response: response && seen(response),
    partial: misfit ?? reader?.partial(),
  })
  const seen = ({ status, headers }: GoodResponse): SeenResponse => ({
    status,
    headers,
    body: reader ? reader.text() : textOf(errorBody ?? []),
  })

  /** The end of the attempt, whichever it is. */
  function close(outcome: Attempt['outcome'], error?: CompletionError, usage?: Usage): void {
    over = true
    phases.stop()
    call.interrupt = undefined
    const record: Attempt = {
      ...UNRECORDED,
      index,
      provider: call.provider.name,
      model: call.request.model,
      startOffset: startedAt - call.startedAt,
      duration: clock.now() - startedAt,
      delayBefore: plan.delayBefore,
      delayFrom: plan.delayFrom,
      outcome,
      ...(response && { status: response.status, requestId: response.requestId }),
      ...(error && { error: { code: error.code, phase: error.phase, message: error.message } }),
      ...(timeToHeaders !== undefined && { timeToHeaders }),
      ...(timeToFirstToken !== undefined && { timeToFirstToken }),
      ...(usage && { usage }),
      ...(reconnect && { reconnect }),
    }
    attempts.push(record)
    emit(call, { type: 'attempt.end', attempt: record })
  }

  function failed(error: CompletionError, outcome: 'error' | 'cancelled' = 'error'): void {
    if (over) return
    close(outcome, error, error.partial?.usage)
    exchange?.cancel(error)
    controller?.abort(error)
    fail(error)
  }
  const observed = (observation: Observation): void => failed(observedError(call, observation, facts()))

  function expired(phase: Phase): void {
    if (phase === 'errorBody') return statusSeen()
    // Moving this limit with every event would cost more than reading the event; so it is looked at when it seems to be over.
    const due = phase === 'idle' ? reader?.idleDue?.(limits.idle) : undefined
    if (due !== undefined && due > clock.now()) return phases.begin('idle', due)
    failed(timeoutError(call, phase, facts()))
  }
  call.interrupt = (ending: Ending) => failed(endingError(call, ending, facts()), 'cancelled')

  function statusSeen(): void {
    if (!response) return
    call.refusal = { ...response, body: errorBody ?? [] }
    observed({ kind: 'status', response: seen(response) })
  }

  /** Lets the reader read. What it throws is a fault of the provider's own code, and must not be lost in the transport. */
  function reading(good: GoodResponse, read: () => BodyOutcome<T> | undefined): void {
    if (concluding) return
    let outcome: BodyOutcome<T> | undefined
    try {
      outcome = read()
    } catch (error) {
      return threw(good, error)
    }
    if (outcome) settled(good, outcome)
  }

  function threw(good: GoodResponse, error: unknown): void {
    const problem = 'the provider could not read it: its own code threw, see the cause'
    observed({ kind: 'invalid', problem, retryable: false, response: seen(good), error })
  }

  function settled(good: GoodResponse, outcome: BodyOutcome<T>): void {
    if (over) return
    if (outcome.kind !== 'whole') return observed({ ...outcome, response: seen(good), partial: reader?.partial() })
    concluding = true
    let concluded: Conclusion<U> | Promise<Conclusion<U>>
    try {
      concluded = conclude(outcome.value)
    } catch (error) {
      return threw(good, error)
    }
    const { usage } = outcome
    if (!(concluded instanceof Promise)) return finished(good, concluded, usage)
    // A schema may take its time; the attempt's own limit and the call's end hold meanwhile.
    phases.finish('idle')
    concluded.then(
      (known) => finished(good, known, usage),
      (error: unknown) => threw(good, error),
    )
  }

  function finished(good: GoodResponse, concluded: Conclusion<U>, usage: Usage | undefined): void {
    if (over) return
    if (concluded.kind === 'misfit') {
      const { partial, correction, ...found } = concluded
      misfit = partial
      call.correction = correction
      return observed({ ...found, kind: 'invalid', response: seen(good), partial })
    }
    const whole = (): void => {
      if (over) return
      close('ok', undefined, usage)
      // Only where the provider's end marker came and its body does not end: what is left of it is worth nothing.
      if (!ended) exchange?.cancel(undefined)
      try {
        succeed(concluded.value, good)
      } catch (error) {
        const problem = 'the provider gave an answer that lacks something, see the cause'
        fail(observedError(call, { kind: 'invalid', problem, retryable: false, response: seen(good), error }, facts()))
      }
    }
    // The end of the body usually stands in the same packet as the end marker; a connection that has ended well can be used again.
    if (ended) whole()
    else afterTurn(whole)
  }

  // Made when there is a body: what waits for its headers, as calls mostly do, is so much smaller.
  const openControls = (): BodyControls<T> => ({
    ...PASSIVE,
    read(step) {
      if (response && !over) reading(response, step)
    },
    silentUntil(due) {
      // A finished answer may be empty; it must not be lost to the wait for its first content.
      phases.finish('firstToken')
      phases.begin('idle', due)
    },
    fail: (error) => thrown(error),
    began() {
      timeToFirstToken = clock.now() - startedAt
      phases.finish('firstToken')
      if (limits.idle !== Infinity) phases.begin('idle', clock.now() + limits.idle)
      emit(call, { type: 'first_token', attempt: index, elapsed: timeToFirstToken })
    },
    ping: () => emit(call, { type: 'ping', attempt: index }),
    pause: () => exchange?.pause(),
    resume: () => exchange?.resume(),
  })
  function thrown(error: unknown): void {
    observed({ kind: 'thrown', error, sent, response: response && seen(response), partial: reader?.partial() })
  }

  const receiver: Receiver = {
    ...DEAF,
    onSent(onReused) {
      if (over) return
      sent = true
      reused = onReused
      phases.finish('connect')
      if (limits.headers !== Infinity) phases.begin('headers', clock.now() + limits.headers)
    },
    onHeaders(status, headers) {
      if (over) return
      response = { ...UNKNOWN, status, headers, requestId: shownRequestId(call, headers) }
      timeToHeaders = clock.now() - startedAt
      phases.finish('connect')
      phases.finish('headers')
      if (status < 200 || status >= 300) return phases.begin('errorBody', clock.now() + ERROR_BODY_MS)
      try {
        reader = openBody(response, openControls())
      } catch (error) {
        threw(response, error)
      }
    },
    onData(chunk) {
      if (over) return
      const open = reader
      if (open && response) return reading(response, () => open.data(chunk))
      ;(errorBody ??= []).push(chunk)
      errorBytes += chunk.length
      if (errorBytes >= ERROR_BODY_BYTES) statusSeen()
    },
    onEnd() {
      ended = true
      if (over) return
      const open = reader
      if (open && response) reading(response, () => open.end())
      else statusSeen()
    },
    onError(error) {
      ended = true
      if (over || concluding) return
      // A kept-alive connection may have been closed by its server while the request was on its way to it: that says nothing about
      // the provider, so it is sent once more, at once, on a connection that nobody has used. (gRFC A6, "transparent retries")
      if (reused && !response && !reconnect && policy) {
        reconnect = true
        reused = false
        ended = false
        return send(true)
      }
      // What the status says outranks how its body ended.
      if (response && !reader) return statusSeen()
      if (!reader?.failed?.(error)) thrown(error)
    },
  }

  let request: WireRequest
  function send(fresh: boolean): void {
    phases.begin('connect', clock.now() + limits.connect)
    exchange = transport.start(request, receiver, fresh)
  }

  function authorized(given: Credentials): void {
    if (over) return
    call.credentials = given ?? {}
    const { method = 'POST', body } = call.wire
    request = { ...UNADDRESSED, method, url: call.url, headers: sentHeaders(call, given), body }
    send(false)
  }

  emit(call, { type: 'attempt.start', attempt: index })
  // Ended before it could be interrupted, or by the observer just now.
  if (call.ending) call.interrupt?.(call.ending)
  if (over) return
  const watch = (): void => {
    if (over) return
    if (limits.attempt !== Infinity) phases.begin('attempt', startedAt + limits.attempt)
    if (limits.firstToken !== Infinity && call.request.stream) phases.begin('firstToken', startedAt + limits.firstToken)
  }
  // After the connection's limit has been armed, which is usually the nearer one: arming this first would take two timers.
  const begin = (given: Credentials): void => {
    authorized(given)
    watch()
  }
  if (plan.credentials) return begin(plan.credentials)
  const refused = (error: unknown): void => failed(error as CompletionError)
  try {
    const asked = credentials(call, () => (controller ??= new AbortController()).signal, false)
    if (asked instanceof Promise) {
      watch()
      asked.then(authorized, refused)
    } else begin(asked)
  } catch (error) {
    refused(error)
  }
}
