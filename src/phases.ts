import { type Clock, LONGEST_TIMER } from './clock.ts'
import { afterReading } from './turn.ts'

/** The limits within one attempt. `errorBody` is ours: how long the body of an error is worth waiting for. */
export type Phase = 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'errorBody'

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
  const due = new Map<Phase, number>()
  let timer: unknown
  let timerDue = Infinity

  const nearest = (): [Phase, number] | undefined => {
    let found: [Phase, number] | undefined
    for (const entry of due) if (!found || entry[1] < found[1]) found = entry
    return found
  }
  const arm = (): void => {
    const next = nearest()
    if (!next || next[1] >= timerDue) return
    if (timer !== undefined) clock.clearTimeout(timer)
    timerDue = next[1]
    timer = clock.setTimeout(fire, Math.min(Math.max(Math.ceil(timerDue - clock.now()), 0), LONGEST_TIMER))
  }
  const fire = (): void => {
    timer = undefined
    timerDue = Infinity
    const next = nearest()
    const now = clock.now()
    if (!next || next[1] > now) return arm()
    afterReading(now, next[1], () => {
      const expired = nearest()
      if (expired && expired[1] <= now) onExpired(expired[0])
      else arm()
    })
  }
  return {
    ...UNWATCHED,
    begin: (phase, at) => {
      due.delete(phase)
      if (at >= ceiling) return
      due.set(phase, at)
      arm()
    },
    finish: (phase) => {
      due.delete(phase)
    },
    stop: () => {
      due.clear()
      if (timer !== undefined) clock.clearTimeout(timer)
      timer = undefined
      timerDue = Infinity
    },
  }
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const UNWATCHED: Phases = { begin() {}, finish() {}, stop() {} }
