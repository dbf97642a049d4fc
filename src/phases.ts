import { type Clock, LONGEST_TIMER } from './clock.ts'
import { afterReading } from './turn.ts'

/** The limits within one attempt. `errorBody` is ours: how long the body of an error is worth waiting for. */
export type Phase = 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'errorBody'

const PHASES: readonly Phase[] = ['attempt', 'connect', 'headers', 'firstToken', 'idle', 'errorBody']
const NONE_DUE: readonly number[] = PHASES.map(() => Infinity)

/** The phases of one attempt on one timer. */
export interface Phases {
  readonly clock: Clock
  /** Phases that are due then or later are the total's business; once the watch is stopped, all of them are nobody's. */
  ceiling: number
  readonly watcher: { expired(phase: Phase): void }
  /** By the phase's number. */
  readonly due: number[]
  timer: unknown
  timerDue: number
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const UNWATCHED: Phases = {
  clock: undefined as never,
  ceiling: Infinity,
  watcher: undefined as never,
  due: [],
  timer: undefined,
  timerDue: Infinity,
}

/**
 * Watches phases with a single timer: it is armed for the nearest one and, when that is over in time, left to fire for nothing, which
 * costs less than clearing and arming a timer at every step.
 */
export function watchPhases(clock: Clock, ceiling: number, watcher: Phases['watcher']): Phases {
  return { ...UNWATCHED, clock, ceiling, watcher, due: NONE_DUE.slice() }
}

/** Starts a phase that is due at a time of the clock, Infinity for never, or moves it. `now` is the clock's. */
export function beginPhase(phases: Phases, phase: Phase, at: number, now: number): void {
  const reached = at >= phases.ceiling
  phases.due[PHASES.indexOf(phase)] = reached ? Infinity : at
  if (at < phases.timerDue && !reached) arm(phases, at, now)
}

/** The phase is over in time. */
export function finishPhase({ due }: Phases, phase: Phase): void {
  due[PHASES.indexOf(phase)] = Infinity
}

export function stopPhases(phases: Phases): void {
  phases.ceiling = -Infinity
  phases.due.fill(Infinity)
  if (phases.timer !== undefined) phases.clock.clearTimeout(phases.timer)
  phases.timer = undefined
  phases.timerDue = Infinity
}

function arm(phases: Phases, at: number, now: number): void {
  const { clock } = phases
  if (phases.timer !== undefined) clock.clearTimeout(phases.timer)
  phases.timerDue = at
  const wait = Math.min(Math.max(Math.ceil(at - now), 0), LONGEST_TIMER)
  phases.timer = clock.setTimeout(() => fire(phases), wait)
}

function fire(phases: Phases): void {
  const { clock, due, watcher } = phases
  phases.timer = undefined
  phases.timerDue = Infinity
  const next = Math.min(...due)
  if (next === Infinity) return
  const now = clock.now()
  if (next > now) return arm(phases, next, now)
  afterReading(now, next, () => {
    const first = Math.min(...due)
    if (first <= now) watcher.expired(PHASES[due.indexOf(first)] as Phase)
    else if (first < phases.timerDue) arm(phases, first, clock.now())
  })
}
