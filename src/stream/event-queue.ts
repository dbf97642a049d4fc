/**
 * What stands between a producer and one consumer: the producer is asked for more only when there is nothing left, and a consumer that
 * is faster waits. Ends, with or without an error, after everything before the end has been taken.
 */
export interface EventQueue<T> {
  /** True where the consumer waits for an event. */
  readonly hungry: boolean
  /** The last of those that have not been taken. */
  readonly latest: T | undefined
  push(event: T): void
  end(): void
  fail(error: unknown): void
  next(): Promise<IteratorResult<T, undefined>>
  /** Drops what has not been taken. */
  clear(): void
}

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/** `pull` is called when the consumer wants an event and none is there; it may push at once. */
export function eventQueue<T>(pull: () => void): EventQueue<T> {
  /** Those from `taken` to `filled` are still to be taken. Emptied it starts anew, on the same memory. */
  const events: (T | undefined)[] = []
  /** Whoever waits longest; behind it those who have asked again before they were answered, which is nobody as a rule. */
  let waiter: Waiter<T> | undefined
  const others: Waiter<T>[] = []
  let taken = 0
  let filled = 0
  let pulling = false
  let ended = false
  let failure: { readonly error: unknown } | undefined

  const takeWaiter = (): Waiter<T> | undefined => {
    const first = waiter
    waiter = others.length > 0 ? others.shift() : undefined
    return first
  }
  const settleWaiting = (): void => {
    for (let waiting = takeWaiter(); waiting; waiting = takeWaiter()) {
      if (failure) {
        waiting.reject(failure.error)
        failure = undefined
      } else waiting.resolve(DONE)
    }
  }
  const finish = (): Promise<IteratorResult<T, undefined>> => {
    if (!failure) return Promise.resolve(DONE)
    const { error } = failure
    failure = undefined
    return Promise.reject(error)
  }
  const take = (): IteratorResult<T, undefined> => {
    const value = events[taken] as T
    events[taken++] = undefined
    if (taken === filled) taken = filled = 0
    return { done: false, value }
  }

  return {
    get hungry() {
      return waiter !== undefined || (pulling && filled === 0)
    },
    get latest() {
      return filled > 0 ? events[filled - 1] : undefined
    },
    push(event) {
      const waiting = takeWaiter()
      if (waiting) waiting.resolve({ done: false, value: event })
      else if (!ended) events[filled++] = event
    },
    end() {
      ended = true
      settleWaiting()
    },
    fail(error) {
      if (ended) return
      ended = true
      failure = { error }
      settleWaiting()
    },
    next() {
      if (filled > 0) return Promise.resolve(take())
      if (ended) return finish()
      // What has arrived already needs nobody to wait for it, and a promise that is born resolved costs half of one that waits.
      if (!waiter) {
        pulling = true
        pull()
        pulling = false
        if (filled > 0) return Promise.resolve(take())
        if (ended) return finish()
      }
      return new Promise((resolve, reject) => {
        if (waiter) others.push({ resolve, reject })
        else waiter = { resolve, reject }
      })
    },
    clear() {
      events.length = 0
      taken = filled = 0
    },
  }
}
