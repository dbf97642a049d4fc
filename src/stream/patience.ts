import { type Clock, LONGEST_TIMER } from '../vocabulary/clock.ts'

/**
 * Asks for one event after another, and waits for each until a time of the clock: undefined where it has not come by then. The next
 * call waits for the same one.
 */
export function patiently<T>(
  events: AsyncIterator<T, undefined>,
  clock: Clock,
): (until: number) => Promise<IteratorResult<T, undefined> | undefined> {
  let next: Promise<IteratorResult<T, undefined>> | undefined
  return async (until) => {
    if (!next) {
      next = events.next()
      // It may fail while nobody waits; whoever waits later still hears of it.
      next.catch(() => {})
    }
    const left = until - clock.now()
    const result = left > 0 ? await within(next, left, clock) : undefined
    if (result) next = undefined
    return result
  }
}

/** What the promise gives, or undefined after so many milliseconds; it may be asked again. */
function within<T>(promise: Promise<T>, milliseconds: number, clock: Clock): Promise<T | undefined> {
  if (milliseconds === Infinity) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), Math.min(milliseconds, LONGEST_TIMER))
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}
