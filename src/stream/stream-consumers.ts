import type { Clock } from '../vocabulary/clock.ts'
import type { Completion } from '../vocabulary/result.ts'
import type { EventQueue } from './event-queue.ts'
import { readableStreamOf } from './readable-stream.ts'
import type { StreamEvent } from './stream-events.ts'
import type { CompletionStream } from './stream-handle.ts'

/** What a stream's consumers stand on. */
export interface StreamSource {
  readonly queue: EventQueue<StreamEvent>
  readonly whole: Promise<Completion>
  readonly clock: Clock
  readonly callId: string
  readonly model: string
  cancel(reason?: unknown): void
  /** Makes the request, unless it has been made. */
  start(): void
  /** Reads to the end and keeps nothing but the completion. */
  drain(): void
}

type Events = AsyncIterableIterator<StreamEvent, undefined, undefined>

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The ways in which a stream can be consumed, of which one is taken. */
export function consumers(source: StreamSource): CompletionStream {
  const { queue, whole, cancel } = source
  let consumed = false

  function consume(): Events {
    if (consumed)
      throw new TypeError('This stream is being read already: it has one consumer. Call stream() again for another')
    consumed = true
    let left = false
    const leave = (reason?: unknown): void => {
      left = true
      queue.clear()
      cancel(reason)
    }
    return {
      next: () => (left ? Promise.resolve(DONE) : queue.next()),
      return() {
        leave(new Error('the consumer left the stream'))
        return Promise.resolve(DONE)
      },
      throw(error: unknown) {
        leave(error)
        return Promise.reject(error)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Whoever awaits the completion without reading the events still wants them read; where there is a reader, it sets the pace. */
  function drainUnread(): void {
    queueMicrotask(() => {
      if (consumed) return source.start()
      consumed = true
      source.drain()
    })
  }

  return {
    [Symbol.asyncIterator]: consume,
    get textStream() {
      return { [Symbol.asyncIterator]: () => textOf(consume()) }
    },
    completion: awaited(whole, drainUnread),
    cancel,
    toReadableStream: (options) => readableStreamOf(consume, source, options),
    [Symbol.asyncDispose]() {
      cancel(new Error('the stream was disposed of'))
      return Promise.resolve()
    },
  }
}

/** The text alone, without a generator of its own between the consumer and the events. */
function textOf(events: Events): AsyncIterator<string, undefined> {
  const next = async (): Promise<IteratorResult<string, undefined>> => {
    for (;;) {
      const { done, value } = await events.next()
      if (done) return DONE
      if (value.type === 'text') return { done: false, value: value.text }
    }
  }
  return {
    next,
    async return() {
      await events.return?.()
      return DONE
    },
  }
}

/** A promise that says when somebody first waits for it; nobody has to, so a rejection that nobody awaits is none. */
function awaited<T>(promise: Promise<T>, onAwait: () => void): Promise<T> {
  promise.catch(() => undefined)
  const noticed = (): Promise<T> => {
    onAwait()
    return promise
  }
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- a promise that knows when it is awaited has to be one
    then: (resolve, reject) => noticed().then(resolve, reject),
    catch: (reject) => noticed().catch(reject),
    finally: (settle) => noticed().finally(settle),
    [Symbol.toStringTag]: 'Promise',
  }
}
