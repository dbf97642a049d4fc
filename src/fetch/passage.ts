import { HIGH_WATER } from '../answer/body.ts'
import { joined } from '../answer/parse.ts'

/**
 * The bytes of one answer on their way to whoever reads its Response, at the reader's pace. They are kept until the Response is handed
 * out, so that an attempt which fails before is never seen.
 */
export interface Passage {
  /** Bytes that nobody has taken yet. */
  readonly unread: number
  /** True where so much is unread that no more is wanted. */
  readonly full: boolean
  push(chunk: Uint8Array): void
  /** What has arrived and not been taken, in one. */
  whole(): Uint8Array
  /** The body of a Response. */
  readonly body: ReadableStream<Uint8Array>
  end(): void
  /** The reader gets this error: after what has arrived, or with `now` instead of it. */
  fail(error: unknown, now: boolean): void
}

/** `onHungry` is called when the reader waits and nothing is there; `onCancel` when it wants no more. */
export function openPassage(onHungry: () => void, onCancel: (reason: unknown) => void): Passage {
  const chunks: Uint8Array[] = []
  let unread = 0
  let over: { readonly error?: unknown; readonly failed: boolean } | undefined
  let wake: (() => void) | undefined
  let controller: ReadableStreamDefaultController<Uint8Array>

  /** One step of the reader: a chunk or the end. False where it has to wait. */
  function give(): boolean {
    const chunk = chunks.shift()
    if (chunk) {
      unread -= chunk.length
      controller.enqueue(chunk)
    } else if (!over) return false
    else if (over.failed) controller.error(over.error)
    else controller.close()
    return true
  }
  const woken = (): void => {
    if (!wake) return
    give()
    wake()
    wake = undefined
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
      },
      pull() {
        if (give()) return undefined
        const waiting = new Promise<void>((resolve) => {
          wake = resolve
        })
        onHungry()
        return waiting
      },
      cancel(reason) {
        over = { failed: false }
        chunks.length = 0
        unread = 0
        wake?.()
        wake = undefined
        onCancel(reason)
      },
    },
    // Nothing is taken before it is asked for: what stands in a stream's own queue is lost when the stream fails.
    { highWaterMark: 0 },
  )

  return {
    body,
    get unread() {
      return unread
    },
    get full() {
      return unread > HIGH_WATER
    },
    push(chunk) {
      if (over || chunk.length === 0) return
      chunks.push(chunk)
      unread += chunk.length
      woken()
    },
    whole: () => joined(chunks),
    end() {
      over ??= { failed: false }
      woken()
    },
    fail(error, now) {
      if (over) return
      over = { error, failed: true }
      if (now) {
        chunks.length = 0
        unread = 0
      }
      // At once where nothing is left to be read, also for those who wait for `closed` instead of reading.
      if (chunks.length === 0) controller.error(error)
      wake?.()
      wake = undefined
    },
  }
}
