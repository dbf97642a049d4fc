/**
 * Where time comes from. Every wait and every duration in punctual is read from here, so that a test can drive it.
 *
 * `now` is monotonic and has no relation to the calendar; `wallNow` is the calendar's epoch milliseconds and may jump.
 */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number
  /** Milliseconds since the Unix epoch, for `deadline` and for dates in response headers. */
  wallNow(): number
  /** Calls back once, after that many milliseconds; the handle is given to `clearTimeout`. */
  setTimeout(callback: () => void, milliseconds: number): unknown
  /** Takes a timer back; a handle that has fired is nothing. */
  clearTimeout(handle: unknown): void
}

const REAL = { now: performance.now, wallNow: Date.now, setTimeout }
/** From the fake calendar to our time, while it holds. */
let lead: number | undefined

/** Some fake timers (node:test's) drive the calendar and leave `performance` as it was; then our time runs with the calendar. */
function monotonicNow(): number {
  if (Date.now === REAL.wallNow || setTimeout === REAL.setTimeout || performance.now !== REAL.now) {
    lead = undefined
    return performance.now()
  }
  lead ??= performance.now() - Date.now()
  return Date.now() + lead
}

/**
 * The host's clock. Each function is looked up on `globalThis` when it is used, so fake timers installed after the import drive it.
 */
export const systemClock: Clock = {
  now: monotonicNow,
  wallNow: () => Date.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
}

/** The longest delay a host timer can hold; a longer one fires at once (a signed 32-bit integer in every runtime). */
export const LONGEST_TIMER: number = 2 ** 31 - 1

const MEMBERS = ['now', 'wallNow', 'setTimeout', 'clearTimeout'] as const

export const CLOCK_WANTED: string = `a Clock with ${MEMBERS.join(', ')}`

export const isClock = (value: Clock | null): boolean =>
  MEMBERS.every((name) => typeof (value as Partial<Clock> | null)?.[name] === 'function')
