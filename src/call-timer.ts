import { type Clock, LONGEST_TIMER } from './clock.ts'
import { afterReading } from './turn.ts'

/** The limits within one attempt. `errorBody` is ours: how long the body of an error is worth waiting for. */
export type Phase = 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'errorBody'

const PHASES: readonly Phase[] = ['attempt', 'connect', 'headers', 'firstToken', 'idle', 'errorBody']
/** The number of the total among the limits; the phases have theirs by their place. */
const TOTAL = PHASES.length
const NONE_DUE: readonly number[] = [...PHASES, 'total'].map(() => Infinity)

/** Who is told that a phase has taken too long: the attempt under way. */
export interface Watcher {
  expired(phase: Phase): void
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
  timer.due[TOTAL] = timer.endsAt
  if (timer.endsAt < timer.handleDue) arm(timer, timer.endsAt, timer.clock.now())
}

/** The call has settled: nothing is left running. */
export function finishTotal(timer: CallTimer): void {
  timer.due[TOTAL] = Infinity
  disarm(timer)
}

/** From now on the phases are this attempt's, until it stops them. What another one says of its phases is not heard. */
export function watchPhases(timer: CallTimer, watcher: Watcher): void {
  timer.watcher = watcher
}

/** Starts a phase that is due at a time of the clock, Infinity for never, or moves it. `now` is the clock's. */
export function beginPhase(timer: CallTimer, watcher: Watcher, phase: Phase, at: number, now: number): void {
  if (timer.watcher !== watcher) return
  const within = at < timer.endsAt
  timer.due[PHASES.indexOf(phase)] = within ? at : Infinity
  if (within && at < timer.handleDue) arm(timer, at, now)
}

/** The phase is over in time. */
export function finishPhase(timer: CallTimer, watcher: Watcher, phase: Phase): void {
  if (timer.watcher === watcher) timer.due[PHASES.indexOf(phase)] = Infinity
}

/** The attempt is over, and its phases with it. */
export function stopPhases(timer: CallTimer, watcher: Watcher): void {
  if (timer.watcher !== watcher) return
  timer.watcher = undefined
  timer.due.fill(Infinity, 0, TOTAL)
  // With the total running the timer serves it; without there is nothing it could be needed for.
  if (timer.due[TOTAL] === Infinity) disarm(timer)
}

function arm(timer: CallTimer, at: number, now: number): void {
  const { clock } = timer
  if (timer.handle !== undefined) clock.clearTimeout(timer.handle)
  timer.handleDue = at
  const wait = Math.min(Math.max(Math.ceil(at - now), 0), LONGEST_TIMER)
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
  if (next === Infinity) return
  const now = timer.clock.now()
  if (next > now) return arm(timer, next, now)
  afterReading(now, next, () => {
    const first = nearest(timer)
    if (first <= now) expire(timer, timer.due.indexOf(first))
    const left = nearest(timer)
    if (left < timer.handleDue) arm(timer, left, timer.clock.now())
  })
}

const nearest = ({ due }: CallTimer): number => Math.min(...due)

function expire(timer: CallTimer, limit: number): void {
  timer.due[limit] = Infinity
  if (limit === TOTAL) timer.onTotal?.()
  else timer.watcher?.expired(PHASES[limit] as Phase)
}
