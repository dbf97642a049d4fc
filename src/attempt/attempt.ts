import { YOUNG } from '../base/young.ts'
import { type Call, type Ending, emit } from '../call/call.ts'
import { beginPhase, finishPhase, watchPhases } from '../call/call-timer.ts'
import { endingError, timeoutError } from '../call/failure.ts'
import { shownRequestId } from '../call/secrets.ts'
import { isGood, MOST_SHOWN } from '../classify/observation.ts'
import type { WireRequest } from '../transport/transport.ts'
import type { CompletionError } from '../vocabulary/errors.ts'
import { factsOf, failed, observed, provenInTime, reading, seen, statusSeen, threw } from './attempt-end.ts'
import { type Credentials, credentials, sentHeaders } from './credentials.ts'
import type { AttemptPlan, AttemptUser, Behaviour, Running } from './running-attempt.ts'

/** An error's body is worth this much waiting: its status is known already. */
const ERROR_BODY_MS = 2_000
/** The close of an idle connection that crossed our request arrives within this time. */
const RACE_MS = 1_000

/**
 * One try: credentials → transport → headers → body → outcome. Exactly one of the user's `succeed` and `fail` is called, once, and
 * nothing of the attempt is left by then: no timer, no socket in use, no listener.
 */
export function startAttempt<U>(call: Call, plan: AttemptPlan, user: AttemptUser<U>): void {
  const { clock, attempts } = call
  const { expected, settings } = call
  const running: Running = {
    ...BLANK,
    call,
    plan,
    user,
    index: attempts.length,
    startedAt: clock.now(),
    runsOwnCode: settings.layer.onEvents.length > 0 || expected.inputs.size > 0 || expected.output !== undefined,
  }
  watchPhases(running)
  call.interrupt = (ending: Ending) => {
    if (ending.stopReason === 'deadline' && provenInTime(running)) return
    failed(running, endingError(call, ending, factsOf(running)), 'cancelled')
  }
  emit(call, { type: 'attempt.start', attempt: running.index })
  // Ended before it could be interrupted, or by the observer just now.
  if (call.ending) call.interrupt?.(call.ending)
  if (running.over) return
  if (plan.credentials) return begin(running, plan.credentials)
  const refused = (error: unknown): void => failed(running, error as CompletionError)
  try {
    const asked = credentials(call, () => (running.controller ??= new AbortController()).signal, false)
    if (asked instanceof Promise) {
      watch(running)
      asked.then((given) => authorized(running, given, clock.now()), refused)
    } else begin(running, asked)
  } catch (error) {
    refused(error)
  }
}

/** The attempt's limits after the connection's, which is usually the nearer one: the other way round would take two timers. */
function begin(running: Running, given: Credentials): void {
  authorized(running, given, running.startedAt)
  watch(running)
}

function watch(running: Running): void {
  const { call, startedAt } = running
  const { attempt, firstToken } = call.settings.limits
  beginPhase(running, 'attempt', startedAt + attempt)
  if (call.request.stream) beginPhase(running, 'firstToken', startedAt + firstToken)
}

function authorized(running: Running, given: Credentials, now: number): void {
  if (running.over) return
  const { call } = running
  if (call.attempts.length > 0)
    call.pastCredentials = [...new Set([...call.pastCredentials, ...Object.values(call.credentials)])]
  call.credentials = given ?? NO_CREDENTIALS
  const { method = 'POST', body } = call.wire
  running.request = { ...YOUNG, method, url: call.url, headers: sentHeaders(call, given), body }
  send(running, running.request, false, now)
}

function send(running: Running, request: WireRequest, fresh: boolean, now: number): void {
  const { call } = running
  const { connect, given } = call.settings.limits
  if (!call.transport.queues || given.connect !== undefined) beginPhase(running, 'connect', now + connect)
  running.exchange = call.transport.start(request, running, fresh)
}

/** As undici reports what it does not send again. */
const refusedUnread = (): Error =>
  Object.assign(new Error('The server gave the request back unread'), { code: 'ERR_HTTP2_STREAM_ERROR' })

const BEHAVIOUR: Behaviour & ThisType<Running> = {
  onSent(reused) {
    if (this.over) return
    this.sent = true
    this.reused = reused
    const { settings, clock } = this.call
    if (reused) this.sentAt = clock.now()
    finishPhase(this, 'connect')
    const { headers } = settings.limits
    if (headers === Infinity) return
    const now = clock.now()
    beginPhase(this, 'headers', now + headers)
  },

  onResent() {
    if (this.over) return
    if (this.call.settings.policy) this.reconnect = true
    else this.fail(refusedUnread())
  },

  onHeaders(status, headers) {
    if (this.over) return
    const { call } = this
    const now = call.clock.now()
    const response = { ...YOUNG, status, headers, requestId: shownRequestId(call, headers) }
    this.response = response
    this.timeToHeaders = now - this.startedAt
    finishPhase(this, 'connect')
    finishPhase(this, 'headers')
    if (!isGood(status)) {
      // The status is what counts; the limits of a good answer would only hide it.
      finishPhase(this, 'firstToken')
      return beginPhase(this, 'errorBody', now + ERROR_BODY_MS)
    }
    try {
      this.reader = this.user.openBody(call, response, this)
    } catch (error) {
      threw(this, error)
    }
  },

  onData(chunk) {
    if (this.over) return
    const { reader } = this
    if (reader) return reading(this, () => reader.data(chunk))
    ;(this.errorBody ??= []).push(chunk)
    this.errorBytes += chunk.length
    if (this.errorBytes >= MOST_SHOWN) statusSeen(this)
  },

  onEnd() {
    this.ended = true
    if (this.over) return
    const { reader } = this
    if (!reader) return statusSeen(this, true)
    reading(this, () => reader.end())
    // The last byte is there, and who reads at his own pace is not the attempt.
    if (!this.over && !this.concluding) finishPhase(this, 'attempt')
  },

  onError(error) {
    this.ended = true
    if (this.over || this.concluding) return
    // A kept-alive connection may have been closed by its server while the request was on its way to it: that says nothing about
    // the provider, so it is sent once more, at once, on a connection that nobody has used (gRFC A6, "transparent retries"). One that
    // waited for longer has been read, and may have been answered: that is a failure like any other.
    const racing = this.reused && this.call.clock.now() - this.sentAt <= RACE_MS
    if (racing && !this.response && !this.reconnect && this.request && this.call.settings.policy) {
      this.reconnect = true
      this.reused = false
      this.ended = false
      // It runs from when the request has left, and this one has not.
      finishPhase(this, 'headers')
      return send(this, this.request, true, this.call.clock.now())
    }
    // What the status says outranks how its body ended.
    if (this.response && !this.reader) return statusSeen(this)
    if (!this.reader?.failed?.(error)) this.fail(error)
  },

  read(step) {
    if (!this.over) reading(this, step)
  },

  silentUntil(due) {
    // A finished answer may be empty; it must not be lost to the wait for its first content.
    finishPhase(this, 'firstToken')
    beginPhase(this, 'idle', due)
  },

  fail(error) {
    const { response } = this
    observed(this, { kind: 'thrown', error, response: response && seen(this, response) })
  },

  began() {
    const { call } = this
    const now = call.clock.now()
    const { idle } = call.settings.limits
    this.timeToFirstToken = now - this.startedAt
    finishPhase(this, 'firstToken')
    beginPhase(this, 'idle', now + idle)
    emit(call, { type: 'first_token', attempt: this.index, elapsed: this.timeToFirstToken })
  },

  ping() {
    emit(this.call, { type: 'ping', attempt: this.index })
  },

  pause() {
    this.exchange?.pause()
  },

  resume() {
    this.exchange?.resume()
  },

  decoding() {
    return this.exchange?.decoding?.() ?? false
  },

  expired(phase, due) {
    // What the status says outranks whatever limit its body has met.
    if (phase === 'errorBody' || (this.response && !this.reader)) return statusSeen(this)
    const { call } = this
    // Moving this limit with every event would cost more than reading the event; so it is looked at when it seems to be over. One that
    // has moved may be over too, where the consumer has kept the loop busy: then the loop gets its turn to read once more.
    const moved = phase === 'idle' ? this.reader?.idleDue?.(call.settings.limits.idle) : undefined
    if (moved !== undefined && moved > due) return beginPhase(this, 'idle', moved)
    if (!provenInTime(this)) failed(this, timeoutError(call, phase, factsOf(this)))
  },
}

const NO_CREDENTIALS: Readonly<Record<string, string>> = {}

/**
 * What every attempt begins as; what lives as long as a call is copied (see BLANK in open-call.ts). The methods are copied with it: a
 * closure for each would be a tenth of what a call allocates, and of what it holds while it waits.
 */
const BLANK: Running = {
  ...BEHAVIOUR,
  call: undefined as never,
  plan: undefined as never,
  user: undefined as never,
  index: 0,
  startedAt: 0,
  sentAt: 0,
  runsOwnCode: false,
  request: undefined,
  exchange: undefined,
  controller: undefined,
  response: undefined,
  reader: undefined,
  errorBody: undefined,
  errorBytes: 0,
  misfit: undefined,
  over: false,
  concluding: false,
  known: undefined,
  sent: false,
  reused: false,
  reconnect: false,
  ended: false,
  timeToHeaders: undefined,
  timeToFirstToken: undefined,
}
