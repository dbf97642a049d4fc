import { afterTurn } from '../base/turn.ts'
import { LONGEST_TIMER } from '../vocabulary/clock.ts'
import type { Call, Ending } from './call.ts'
import { endingError } from './failure.ts'

// What a call does between and before its attempts: each of these ends with the call, and rejects with the error of its end.

/** A call may be ended while nothing of it can be interrupted: by an observer, say, that aborts on what it is told. */
export function goOn(call: Call): void {
  if (call.ending) throw endingError(call, call.ending)
}

/** Runs something of the caller's own; the call's end does not wait for it. */
export function interruptible<T>(call: Call, ask: () => T | Promise<T>, onEnd?: (ending: Ending) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Between two things that can be interrupted the call may have been ended unheard.
    goOn(call)
    call.interrupt = (ending) => {
      onEnd?.(ending)
      reject(endingError(call, ending))
    }
    // Called inside the executor, so that a synchronous throw rejects like any other.
    Promise.resolve(ask()).then(resolve, reject)
  }).finally(() => {
    call.interrupt = undefined
  })
}

/** Attempts that fail at once and follow at once would leave the event loop no turn: no abort would be heard, no other task would run. */
export async function oneTurn(call: Call): Promise<void> {
  await new Promise<void>((resolve) => afterTurn(resolve))
  goOn(call)
}

/** Waits on the clock's word and not on its timers', which may be early, or shorter than the wait. */
export function sleep(call: Call, milliseconds: number): Promise<void> {
  const { clock } = call
  const until = clock.now() + milliseconds
  return new Promise((resolve, reject) => {
    goOn(call)
    let timer: unknown
    const wake = (): void => {
      const left = until - clock.now()
      if (left > 0) {
        timer = clock.setTimeout(wake, Math.min(Math.ceil(left), LONGEST_TIMER))
        return
      }
      call.interrupt = undefined
      resolve()
    }
    call.interrupt = (ending) => {
      call.interrupt = undefined
      clock.clearTimeout(timer)
      reject(endingError(call, ending))
    }
    wake()
  })
}
