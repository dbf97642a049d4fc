import { fail, rejectUnknown } from '../base/check.ts'
import { isCompletionError } from '../vocabulary/errors.ts'
import { dataFrame, eventFrame, type FrameSource, type Frames, HEARTBEAT, written } from './frames.ts'
import { openaiFrames } from './openai-frames.ts'
import type { StreamEvent } from './stream-events.ts'
import type { ReadableStreamOptions } from './stream-handle.ts'
import { heard, within } from './within.ts'

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
            pending ??= heard(events.next())
            const left = askedAt + heartbeat - source.clock.now()
            const result = left > 0 ? await within(pending, left, source.clock) : undefined
            if (!result) {
              text = HEARTBEAT
            } else {
              pending = undefined
              over = result.done === true
              text = result.done ? frames.end : frames.event(result.value)
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

function framesOf(format: NonNullable<ReadableStreamOptions['format']>, source: FrameSource): Frames {
  if (format === 'openai') return openaiFrames(source)
  if (format !== 'events' && typeof format !== 'function') fail('format', format, "'events', 'openai' or a function")
  return {
    event: format === 'events' ? (event) => (event.type === 'ping' ? HEARTBEAT : eventFrame(event)) : written(format),
    failure: (error) => dataFrame({ type: 'error', error: plain(error) }),
    end: '',
  }
}

function plain(error: unknown): unknown {
  return isCompletionError(error)
    ? error.toJSON()
    : { name: 'Error', code: 'server_error', message: 'the stream failed' }
}
