import { type Clock, LONGEST_TIMER, systemClock } from '../clock.ts'
import { checkDuration, fail } from '../check.ts'
import { type ProblemOptions, toProblem } from './problem.ts'

/** What is relayed: a stream of punctual's, or anything that is as iterable and as cancellable. */
export interface RelaySource<Event extends { readonly type: string }> extends AsyncIterable<Event> {
  cancel(reason?: unknown): void
}

export interface RelayOptions<Event> extends ProblemOptions {
  /** What is written for an event; an empty string writes nothing. @defaultValue 'events': server-sent events that `readEvents` reads */
  readonly format?: 'events' | ((event: Event) => string) | undefined
  /** Silence after which a comment is written, in milliseconds, so that no proxy gives up. @defaultValue 15_000 */
  readonly heartbeat?: number | undefined
  /** Told what the stream failed with, where it failed. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** For tests. @defaultValue the host's timers */
  readonly clock?: Clock | undefined
}

/**
 * `no-transform` and `x-accel-buffering` keep compressing and buffering intermediaries (Express' compression, nginx) from holding
 * events back.
 */
export const EVENT_STREAM: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Events that say nothing of the answer yet: a status line need not be spent on them. */
const BEFORE_CONTENT = new Set(['retry', 'ping', 'usage', 'raw'])

const HEARTBEAT = ':\n\n'

/**
 * The pieces of text that are written, each as it is asked for: so a slow reader slows the provider, and only a reader that waits is
 * sent heartbeats. Throws what the stream fails with as long as there has been no piece; after that a failure is the last piece.
 */
export function framesOf<Event extends { readonly type: string }>(
  stream: RelaySource<Event>,
  options: RelayOptions<Event>,
): AsyncGenerator<string, void, undefined> {
  const { heartbeat, format } = options
  if (heartbeat !== undefined) checkDuration('heartbeat', heartbeat, 'milliseconds')
  if (format !== undefined && format !== 'events' && typeof format !== 'function')
    fail('format', format, "'events' or a function")
  return frames(stream, options)
}

async function* frames<Event extends { readonly type: string }>(
  stream: RelaySource<Event>,
  { format = 'events', heartbeat = 15_000, clock = systemClock, expose, onError }: RelayOptions<Event>,
): AsyncGenerator<string, void, undefined> {
  const encode = format === 'events' ? dataOf : format
  const events = stream[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<Event>> | undefined
  let held = ''
  let begun = false
  try {
    for (;;) {
      next ??= events.next()
      const result = await within(next, heartbeat, clock)
      let text = HEARTBEAT
      if (result) {
        next = undefined
        if (result.done) break
        text = result.value.type === 'ping' ? '' : encode(result.value)
        if (!begun && BEFORE_CONTENT.has(result.value.type)) {
          held += text
          continue
        }
      }
      if (text === '') continue
      begun = true
      yield held + text
      held = ''
    }
    if (held) yield held
  } catch (error) {
    onError?.(error)
    if (!begun) throw error
    yield `event: error\n${dataOf(toProblem(error, { expose }).body)}`
  } finally {
    // Nothing where the stream has ended; otherwise whoever reads has left, or the format threw.
    stream.cancel()
  }
}

const dataOf = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

/** What the promise gives, or undefined after so many milliseconds. */
function within<T>(promise: Promise<T>, milliseconds: number, clock: Clock): Promise<T | undefined> {
  if (milliseconds === Infinity) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), Math.min(milliseconds, LONGEST_TIMER))
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}
