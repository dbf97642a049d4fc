import pTimeout from 'p-timeout'
import { LONGEST_TIMER } from '../vocabulary/clock.ts'
import { type Call, endCall } from './call.ts'
import { beginTotal, finishTotal } from './call-timer.ts'

/**
 * Holds a call to its total. `work` is interrupted when the total expires and rejects with the finished error, which is why it is
 * itself the fallback: the error is built once, where everything about the attempt is known.
 */
export function withinDeadline<T>(call: Call, work: Promise<T>): Promise<T> {
  const { timer } = call
  return pTimeout(work, {
    // For p-timeout's own checks alone: the call's timer knows when the total is due, however far that is.
    milliseconds: LONGEST_TIMER,
    fallback: () => {
      endCall(call, totalExpired(call))
      return work
    },
    customTimers: {
      setTimeout: ((onTotal: () => void) => {
        beginTotal(timer, onTotal)
        return timer
      }) as unknown as typeof setTimeout,
      clearTimeout: () => finishTotal(timer),
    },
  })
}

/** `begun`: a request may have been sent. */
export function totalExpired({ startedAt, endsAt }: Call, begun = true): NonNullable<Call['ending']> {
  const allowed = Math.round(endsAt - startedAt)
  const message =
    allowed <= 0
      ? 'the deadline had passed before the call began; no request was sent. It is a point in time; for a duration set timeout.'
      : begun
        ? `no complete answer within ${allowed} ms (timeout.total or deadline). Allow more, or set timeout.attempt so that a slow attempt is repeated in time.`
        : `the stream was first read when its ${allowed} ms were over (they count from the call); no request was sent.`
  return { code: 'timeout', phase: 'total', stopReason: 'deadline', message }
}
