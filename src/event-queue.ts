/**
 * What stands between a producer and one consumer: the producer is asked for more only when there is nothing left, and a consumer that
 * is faster waits. Ends, with or without an error, after everything before the end has been taken.
 */
export interface EventQueue<T> {
  /** True where the consumer waits for an event. */
  readonly hungry: boolean
  push(event: T): void
  end(): void
  fail(error: unknown): void
  next(): Promise<IteratorResult<T, undefined>>
  /** Drops what has not been taken. */
  clear(): void
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/** `pull` is called when the consumer wants an event and none is there; it may push at once. */
export function eventQueue<T>(pull: () => void): EventQueue<T> {
  const events: T[] = []
  const waiting: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = []
  let taken = 0
  let pulling = false
  let ended = false
  let failure: { readonly error: unknown } | undefined

  const settleWaiting = (): void => {
    for (const waiter of waiting.splice(0)) {
      if (failure) {
        waiter.reject(failure.error)
        failure = undefined
      } else waiter.resolve(DONE)
    }
  }
  const finish = (): Promise<IteratorResult<T, undefined>> => {
    if (!failure) return Promise.resolve(DONE)
    const { error } = failure
    failure = undefined
    return Promise.reject(error)
  }
  const take = (): IteratorResult<T, undefined> => {
    const value = events[taken++] as T
    if (taken === events.length) {
      events.length = 0
      taken = 0
    }
    return { done: false, value }
  }

  return {
    get hungry() {
      return waiting.length > 0 || (pulling && events.length === 0)
    },
    push(event) {
      const waiter = waiting.length > 0 ? waiting.shift() : undefined
      if (waiter) waiter.resolve({ done: false, value: event })
      else if (!ended) events.push(event)
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
      if (events.length > 0) return Promise.resolve(take())
      if (ended) return finish()
      // What has arrived already needs nobody to wait for it, and a promise that is born resolved costs half of one that waits.
      if (waiting.length === 0) {
        pulling = true
        pull()
        pulling = false
        if (events.length > 0) return Promise.resolve(take())
        if (ended) return finish()
      }
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
      })
    },
    clear() {
      events.length = 0
      taken = 0
    },
  }
}
