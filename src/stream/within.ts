import { type Clock, LONGEST_TIMER } from '../vocabulary/clock.ts'

/** What the promise gives, or undefined after so many milliseconds; it may be asked again. */
export function within<T>(promise: Promise<T>, milliseconds: number, clock: Clock): Promise<T | undefined> {
  if (milliseconds === Infinity) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), Math.min(milliseconds, LONGEST_TIMER))
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}

/** A promise that may fail before anybody waits for it: whoever asks for it later still hears of it. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
