import { fail, rejectUnknown } from './check.ts'
import type { Clock } from './clock.ts'
import { isCompletionError } from './errors.ts'
import { dataFrame, type Frames, HEARTBEAT, type FrameSource } from './frames.ts'
import { openaiFrames } from './openai-frames.ts'
import type { StreamEvent } from './stream-events.ts'
import type { ReadableStreamOptions } from './stream-handle.ts'

const HEARTBEAT_MS = 15_000
const NAMES = new Set(['format', 'heartbeat'])

type Events = AsyncIterator<StreamEvent, undefined, undefined>

/** Writes events as server-sent events. One is read when one is asked for; silence is filled with comments. */
export function readableStreamOf(
  consume: () => Events,
  source: FrameSource,
  options: ReadableStreamOptions = {},
): ReadableStream<Uint8Array> {
  rejectUnknown('toReadableStream', options, NAMES)
  const { format = 'events', heartbeat = HEARTBEAT_MS } = options
  if (typeof heartbeat !== 'number' || !(heartbeat > 0))
    fail('heartbeat', heartbeat, 'a number of milliseconds above 0')
  const frames = framesOf(format, source)
  const events = consume()
  const encoder = new TextEncoder()
  let pending: Promise<IteratorResult<StreamEvent, undefined>> | undefined
  // As a throw into the events, for a return would lose the reason.
  const leave = async (reason: unknown): Promise<void> => {
    await events.throw?.(reason).catch(() => undefined)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const askedAt = source.clock.now()
        let text = ''
        let over = false
        try {
          // Some events have no form in a format; then the next one is waited for.
          while (text === '' && !over) {
            pending ??= events.next()
            const left = askedAt + heartbeat - source.clock.now()
            const result = left > 0 ? await within(source.clock, pending, left) : undefined
            if (!result) {
              text = HEARTBEAT
            } else {
              pending = undefined
              over = result.done === true
              text = result.done ? frames.end : written(frames.event(result.value))
            }
          }
        } catch (error) {
          text = frames.failure(error)
          over = true
          // The error may be the format's own; then the events go on, with nobody to read them.
          void leave(error)
        }
        if (text) controller.enqueue(encoder.encode(text))
        if (over) controller.close()
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  )
}

/** A format of the caller's own, written without types, may give nothing. */
function written(text: unknown): string {
  if (typeof text !== 'string')
    fail('format', text, 'a function that returns a string, empty where an event has no form')
  return text
}

function framesOf(format: NonNullable<ReadableStreamOptions['format']>, source: FrameSource): Frames {
  if (format === 'openai') return openaiFrames(source)
  if (format !== 'events' && typeof format !== 'function') fail('format', format, "'events', 'openai' or a function")
  return {
    event: format === 'events' ? (event) => (event.type === 'ping' ? HEARTBEAT : dataFrame(event)) : format,
    failure: (error) => dataFrame({ type: 'error', error: plain(error) }),
    end: '',
  }
}

function plain(error: unknown): unknown {
  return isCompletionError(error)
    ? error.toJSON()
    : { name: 'Error', code: 'server_error', message: 'the stream failed' }
}

/** The result, or undefined where it takes longer than `milliseconds`; the promise may be asked again. */
function within<T>(clock: Clock, promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), milliseconds)
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}
