import { fail } from '../base/check.ts'
import type { Transports } from '../transport/transport.ts'
import { CLOCK_WANTED, type Clock, isClock, systemClock } from '../vocabulary/clock.ts'
import type { Call } from './call.ts'

/** Where a client's time and chance come from. */
export interface HostOptions {
  /** For tests. @defaultValue the host's timers, looked up at each use */
  readonly clock?: Clock | undefined
  /** For tests: a number in [0, 1). @defaultValue Math.random, looked up at each use */
  readonly random?: (() => number) | undefined
}

/** What a client lends to its calls. */
export interface CallHost {
  readonly clock: Clock
  readonly random: () => number
  readonly transports: Transports
  /**
   * Calls under way, for `close`; each knows its place. No Set: V8 links every outgrown table of a Set to its successor, so that
   * one that has grown old keeps all later ones, and every call that was ever in them, until the next full collection.
   */
  readonly calls: Call[]
  /** Called when the last of them has ended. */
  readonly onIdle: (() => void)[]
  closed: boolean
}

/** A host without calls. `field` is what its options are called where they cannot be meant. */
export function openHost({ clock, random }: HostOptions, transports: Transports, field: string): CallHost {
  if (clock !== undefined && !isClock(clock)) fail(`${field}.clock`, clock, CLOCK_WANTED)
  if (random !== undefined && typeof random !== 'function') fail(`${field}.random`, random, 'a function')
  return {
    clock: clock ?? systemClock,
    random: random ?? (() => Math.random()),
    transports,
    calls: [],
    onIdle: [],
    closed: false,
  }
}
