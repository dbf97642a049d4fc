import pTimeout from 'p-timeout'
import { endCall, type Call } from './call.ts'
import { systemClock } from './clock.ts'
import { afterReading } from './turn.ts'

/**
 * Holds a call to its total. `work` is interrupted when the total expires and rejects with the finished error, which is why it is
 * itself the fallback: the error is built once, where everything about the attempt is known.
 */
export function withinDeadline<T>(call: Call, work: Promise<T>): Promise<T> {
  const { clock, endsAt } = call
  return pTimeout(work, {
    milliseconds: Math.max(endsAt - clock.now(), Number.MIN_VALUE),
    fallback: () =>
      new Promise<T>((resolve) => {
        afterReading(clock.now(), endsAt, () => {
          endCall(call, totalExpired(call))
          resolve(work)
        })
      }),
    // Left out for the host's clock: p-timeout then looks its timers up itself, without two wrappers a call.
    ...(clock === systemClock ? undefined : { customTimers: timersOf(call) }),
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

function timersOf({ clock }: Call): { setTimeout: typeof setTimeout; clearTimeout: typeof clearTimeout } {
  return {
    setTimeout: ((callback: () => void, milliseconds: number) =>
      clock.setTimeout(callback, milliseconds)) as typeof setTimeout,
    clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
  }
}
