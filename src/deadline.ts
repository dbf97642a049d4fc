import pTimeout from 'p-timeout'
import { endCall, type Call } from './call.ts'
import { type Clock, systemClock } from './clock.ts'
import { afterReading } from './turn.ts'

/**
 * Holds a call to its total. `work` is interrupted when the total expires and rejects with the finished error, which is why it is
 * itself the fallback: the error is built once, where everything about the attempt is known.
 */
export function withinDeadline<T>(call: Call, work: Promise<T>, now: number): Promise<T> {
  const { clock, endsAt } = call
  return pTimeout(work, {
    milliseconds: Math.max(endsAt - now, Number.MIN_VALUE),
    fallback: () =>
      new Promise<T>((resolve) => {
        afterReading(clock.now(), endsAt, () => {
          endCall(call, totalExpired(call))
          resolve(work)
        })
      }),
    customTimers: clock === systemClock ? HOST_TIMERS : timersOf(clock),
  })
}

export function totalExpired({ startedAt, endsAt }: Call): NonNullable<Call['ending']> {
  const allowed = Math.round(endsAt - startedAt)
  const message =
    allowed > 0
      ? `no complete answer within ${allowed} ms (timeout.total or deadline). Allow more, or set timeout.attempt so that a slow attempt is repeated in time.`
      : 'the deadline had passed before the call began; no request was sent.'
  return { code: 'timeout', phase: 'total', stopReason: 'deadline', message }
}

function timersOf(clock: Clock): { setTimeout: typeof setTimeout; clearTimeout: typeof clearTimeout } {
  return {
    setTimeout: ((callback: () => void, milliseconds: number) =>
      clock.setTimeout(callback, milliseconds)) as typeof setTimeout,
    clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
  }
}

/** Shared by all calls on the host's clock: p-timeout would make an object for each. */
const HOST_TIMERS = timersOf(systemClock)
