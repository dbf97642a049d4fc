import { type Clock, LONGEST_TIMER } from './clock.ts'
import { afterReading } from './turn.ts'

/** The limits within one attempt. `errorBody` is ours: how long the body of an error is worth waiting for. */
export type Phase = 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'errorBody'

const PHASES: readonly Phase[] = ['attempt', 'connect', 'headers', 'firstToken', 'idle', 'errorBody']
const NONE_DUE: readonly number[] = PHASES.map(() => Infinity)

/** The phases of one attempt on one timer. */
export interface Phases {
  /** Starts a phase that is due at a time of the clock, or moves it. */
  begin(phase: Phase, due: number): void
  /** The phase is over in time. */
  finish(phase: Phase): void
  stop(): void
}

/**
 * Watches phases with a single timer: it is armed for the nearest one and, when that is over in time, left to fire for nothing, which
 * costs less than clearing and arming a timer at every step. Phases due at `ceiling` or later are the total's business.
 */
export function watchPhases(clock: Clock, ceiling: number, onExpired: (phase: Phase) => void): Phases {
  // By the phase's number. Copied, like all that lives as long as a call: see BLANK in open-call.ts.
  const due = NONE_DUE.slice()
  let timer: unknown
  let timerDue = Infinity

  const arm = (): void => {
    const next = Math.min(...due)
    if (next >= timerDue) return
    if (timer !== undefined) clock.clearTimeout(timer)
    timerDue = next
    timer = clock.setTimeout(fire, Math.min(Math.max(Math.ceil(timerDue - clock.now()), 0), LONGEST_TIMER))
  }
  const fire = (): void => {
    timer = undefined
    timerDue = Infinity
    const next = Math.min(...due)
    const now = clock.now()
    if (next > now) return arm()
    afterReading(now, next, () => {
      const first = Math.min(...due)
      if (first <= now) onExpired(PHASES[due.indexOf(first)] as Phase)
      else arm()
    })
  }
  return {
    ...UNWATCHED,
    begin: (phase, at) => {
      const reached = at >= ceiling
      due[PHASES.indexOf(phase)] = reached ? Infinity : at
      if (at < timerDue && !reached) arm()
    },
    finish: (phase) => {
      due[PHASES.indexOf(phase)] = Infinity
    },
    stop: () => {
      due.fill(Infinity)
      if (timer !== undefined) clock.clearTimeout(timer)
      timer = undefined
      timerDue = Infinity
    },
  }
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const UNWATCHED: Phases = { begin() {}, finish() {}, stop() {} }
