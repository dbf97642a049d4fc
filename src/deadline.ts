import pTimeout from 'p-timeout'
import { endCall, type Call } from './call.ts'
import { beginTotal, type CallTimer, finishTotal } from './call-timer.ts'

/**
 * Holds a call to its total. `work` is interrupted when the total expires and rejects with the finished error, which is why it is
 * itself the fallback: the error is built once, where everything about the attempt is known.
 */
export function withinDeadline<T>(call: Call, work: Promise<T>, now: number): Promise<T> {
  opening = call.timer
  return pTimeout(work, {
    milliseconds: Math.max(call.endsAt - now, Number.MIN_VALUE),
    fallback: () => {
      endCall(call, totalExpired(call))
      return work
    },
    customTimers: TIMERS,
  })
}

/** p-timeout sets its timer before it returns. */
let opening: CallTimer

/** The total runs on its call's timer, which is the handle. Shared by all calls: an object and two closures less for each. */
const TIMERS = {
  setTimeout: ((onTotal: () => void) => {
    beginTotal(opening, onTotal)
    return opening
  }) as unknown as typeof setTimeout,
  clearTimeout: (timer: unknown) => finishTotal(timer as CallTimer),
}

export function totalExpired({ startedAt, endsAt }: Call): NonNullable<Call['ending']> {
  const allowed = Math.round(endsAt - startedAt)
  const message =
    allowed > 0
      ? `no complete answer within ${allowed} ms (timeout.total or deadline). Allow more, or set timeout.attempt so that a slow attempt is repeated in time.`
      : 'the deadline had passed before the call began; no request was sent.'
  return { code: 'timeout', phase: 'total', stopReason: 'deadline', message }
}
