import type { Clock } from '../../src/vocabulary/clock.ts'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** Moves both clocks on; timers fall due in their order, and what they set going runs before the next. */
  advance(milliseconds: number): Promise<void>
  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(milliseconds: number): void
  /** Timers that are armed now. */
  readonly pending: number
  /** Every delay that was ever asked for. */
  readonly asked: readonly number[]
}

interface Timer {
  readonly due: number
  readonly callback: () => void
}

export function testClock(wall: number = Date.UTC(2026, 0, 1)): TestClock {
  const timers = new Set<Timer>()
  const asked: number[] = []
  let now = 0
  let offset = wall

  return {
    now: () => now,
    wallNow: () => now + offset,
    setTimeout(callback, milliseconds) {
      const timer = { due: now + milliseconds, callback }
      asked.push(milliseconds)
      timers.add(timer)
      return timer
    },
    clearTimeout: (timer) => void timers.delete(timer as Timer),
    async advance(milliseconds) {
      const end = now + milliseconds
      await turns()
      for (;;) {
        const next = [...timers].filter(({ due }) => due <= end).toSorted((one, other) => one.due - other.due)[0]
        if (!next) break
        now = Math.max(now, next.due)
        timers.delete(next)
        next.callback()
        await turns()
      }
      now = end
      await turns()
    },
    jump(milliseconds) {
      offset += milliseconds
    },
    get pending() {
      return timers.size
    },
    asked,
  }
}

/** Lets everything run that waits for no time. */
export async function turns(count: number = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
