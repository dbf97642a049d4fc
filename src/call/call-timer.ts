import { afterReading, afterTurn } from '../base/turn.ts'
import { type Clock, LONGEST_TIMER } from '../vocabulary/clock.ts'

/** The limits within one attempt. `errorBody` is ours: how long the body of an error is worth waiting for. */
export type Phase = 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'errorBody'

const PHASES: readonly Phase[] = ['attempt', 'connect', 'headers', 'firstToken', 'idle', 'errorBody']
/** The number of the total among the limits; the phases have theirs by their place. */
const TOTAL = PHASES.length
const NONE_DUE: readonly number[] = [...PHASES, 'total'].map(() => Infinity)

/** Who is told that a phase has taken too long: the attempt under way. */
export interface Watcher {
  readonly call: { readonly timer: CallTimer }
  /** `due` is when it was, on the call's clock. */
  expired(phase: Phase, due: number): void
  /** What has come in time is still being decoded. */
  decoding(): boolean
}

/** The total of a call and the phases of its attempt under way, on one timer of the clock's. */
export interface CallTimer {
  readonly clock: Clock
  /** When the total is due. A phase that is due then or later is the total's business. */
  readonly endsAt: number
  onTotal: (() => void) | undefined
  watcher: Watcher | undefined
  /** By the limit's number. */
  readonly due: number[]
  handle: unknown
  handleDue: number
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const UNSET: CallTimer = {
  clock: undefined as never,
  endsAt: Infinity,
  onTotal: undefined,
  watcher: undefined,
  due: [],
  handle: undefined,
  handleDue: Infinity,
}

/**
 * The timer of a call that is due at `endsAt`. It is armed for the nearest limit and, when that is over in time, left to fire for
 * nothing, which costs less than clearing and arming a timer at every step.
 */
export function callTimer(clock: Clock, endsAt: number): CallTimer {
  return { ...UNSET, clock, endsAt, due: NONE_DUE.slice() }
}

/** Starts the total; `onTotal` is called once, when it is over. */
export function beginTotal(timer: CallTimer, onTotal: () => void): void {
  timer.onTotal = onTotal
  begin(timer, TOTAL, timer.endsAt)
}

/** The call has settled: nothing is left running. */
export function finishTotal(timer: CallTimer): void {
  timer.due[TOTAL] = Infinity
  disarm(timer)
}

/** From now on the phases are this attempt's, until it stops them. What another one says of its phases is not heard. */
export function watchPhases(watcher: Watcher): void {
  watcher.call.timer.watcher = watcher
}

/** Starts a phase that is due at a time of the clock, Infinity for never, or moves it. */
export function beginPhase(watcher: Watcher, phase: Phase, at: number): void {
  const { timer } = watcher.call
  if (timer.watcher === watcher) begin(timer, PHASES.indexOf(phase), at < timer.endsAt ? at : Infinity)
}

/** The phase is over in time. */
export function finishPhase(watcher: Watcher, phase: Phase): void {
  beginPhase(watcher, phase, Infinity)
}

/** The attempt is over, and its phases with it. */
export function stopPhases({ call: { timer } }: Watcher): void {
  timer.watcher = undefined
  timer.due.fill(Infinity, 0, TOTAL)
  // With the total running the timer serves it; without there is nothing it could be needed for.
  if (timer.due[TOTAL] === Infinity) disarm(timer)
}

function begin(timer: CallTimer, limit: number, at: number): void {
  timer.due[limit] = at
  arm(timer, at)
}

/** Arms the timer where it would fire too late. */
function arm(timer: CallTimer, at: number): void {
  if (at >= timer.handleDue) return
  disarm(timer)
  const { clock } = timer
  timer.handleDue = at
  const wait = Math.min(Math.max(Math.ceil(at - clock.now()), 0), LONGEST_TIMER)
  timer.handle = clock.setTimeout(() => fire(timer), wait)
}

function disarm(timer: CallTimer): void {
  if (timer.handle !== undefined) timer.clock.clearTimeout(timer.handle)
  timer.handle = undefined
  timer.handleDue = Infinity
}

function fire(timer: CallTimer): void {
  timer.handle = undefined
  timer.handleDue = Infinity
  const next = nearest(timer)
  const now = timer.clock.now()
  if (next > now) return arm(timer, next)
  let turns = 0
  afterReading(now, next, function look() {
    const first = nearest(timer)
    const decoding = now > next && first <= now && timer.watcher?.decoding()
    // A server that sends without an end keeps a decoder busy without one.
    if (decoding && turns++ < MOST_TURNS && timer.clock.now() - now < DECODING_MS) return afterTurn(look)
    if (first <= now) expire(timer, timer.due.indexOf(first), first)
    arm(timer, nearest(timer))
  })
}

/** So long is what came in time waited for, where it is compressed. */
const DECODING_MS = 100
/** The same where the clock is a test's, and stands still. */
const MOST_TURNS = 100_000

const nearest = ({ due }: CallTimer): number => Math.min(...due)

function expire(timer: CallTimer, limit: number, due: number): void {
  timer.due[limit] = Infinity
  if (limit === TOTAL) timer.onTotal?.()
  else timer.watcher?.expired(PHASES[limit] as Phase, due)
}
