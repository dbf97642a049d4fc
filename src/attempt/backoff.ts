import type { RetryPolicy } from '../call/resolve-options.ts'
import type { Code } from '../vocabulary/errors.ts'

/** What the decision to retry looks at. Milliseconds. */
export interface RetrySituation {
  readonly code: Code
  /** How many retries have been made already. */
  readonly retries: number
  /** The wait before the attempt that has failed, for decorrelated jitter. */
  readonly previousDelay: number
  readonly retryAfterMs: number | undefined
  /** What is left of the total. */
  readonly remaining: number
  /** The whole of it. */
  readonly total: number
  readonly random: () => number
}

/** A wait that fits, or the reason why there is none. */
export type Wait =
  | { readonly kind: 'wait'; readonly delay: number; readonly from: 'backoff' | 'server' }
  | { readonly kind: 'stop'; readonly reason: 'retry_after' | 'deadline' }

/** The least time that an attempt is worth starting with. */
export const leastAttempt = (total: number): number => Math.min(1_000, total / 10)

/** How long to wait before the next attempt: the server's word first, then our own schedule; never past what is left. */
export function nextWait(policy: RetryPolicy, situation: RetrySituation): Wait {
  const room = situation.remaining - leastAttempt(situation.total)
  const hint = situation.retryAfterMs
  if (hint !== undefined) {
    if (hint > policy.maxRetryAfter || hint > room) return { kind: 'stop', reason: 'retry_after' }
    // Upward only, so that a fleet which was told the same instant does not come back in it, and nobody comes early.
    const spread = situation.random() * Math.min(hint / 10, 1_000)
    return { kind: 'wait', delay: Math.min(hint + spread, room), from: 'server' }
  }
  const delay = scheduled(policy, situation)
  return delay > room ? { kind: 'stop', reason: 'deadline' } : { kind: 'wait', delay, from: 'backoff' }
}

/** The scheduled wait. Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter". */
function scheduled(policy: RetryPolicy, { code, retries, previousDelay, random }: RetrySituation): number {
  const crowded = code === 'rate_limit' || code === 'overloaded'
  const base = policy.baseDelay ?? (crowded ? 1_000 : 500)
  const cap = policy.maxDelay ?? (crowded ? 20_000 : 8_000)
  // The power overflows to Infinity after a thousand retries, and 0 × Infinity is NaN.
  const exponential = base === 0 ? 0 : Math.min(cap, base * policy.factor ** retries)
  switch (policy.jitter) {
    case 'none':
      return exponential
    case 'equal':
      return ((1 + random()) * exponential) / 2
    case 'decorrelated':
      return Math.min(cap, base + random() * (Math.max(previousDelay, base) * 3 - base))
    case 'full':
      return random() * exponential
  }
}
