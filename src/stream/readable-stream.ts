import { rejectUnknown } from '../base/check.ts'
import { isCompletionError } from '../vocabulary/errors.ts'
import { checkWriting, dataFrame, eventFrame, type FrameSource, type Frames, HEARTBEAT, written } from './frames.ts'
import { openaiFrames } from './openai-frames.ts'
import { patiently } from './patience.ts'
import type { StreamEvent } from './stream-events.ts'
import type { EncodedBytes, ReadableStreamOptions, StreamFormat } from './stream-handle.ts'

const NAMES = new Set(['format', 'heartbeat'])

type Events = AsyncIterator<StreamEvent, undefined, undefined>

/** Writes events as server-sent events. One is read when one is asked for; silence is filled with comments. */
export function readableStreamOf(
  consume: () => Events,
  source: FrameSource,
  options: ReadableStreamOptions = {},
): ReadableStream<EncodedBytes> {
  rejectUnknown('toReadableStream', options, NAMES)
  const { format, heartbeat } = checkWriting(options)
  const frames = framesOf(format, source)
  const events = consume()
  const next = patiently(events, source.clock)
  const encoder = new TextEncoder()
  // As a throw into the events, for a return would lose the reason.
  const leave = async (reason: unknown): Promise<void> => {
    await events.throw?.(reason).catch(() => undefined)
  }
  return new ReadableStream<EncodedBytes>(
    {
      async pull(controller) {
        const askedAt = source.clock.now()
        let text = ''
        let over = false
        try {
          // Some events have no form in a format; then the next one is waited for.
          while (text === '' && !over) {
            const result = await next(askedAt + heartbeat)
            over = result?.done === true
            if (!result) text = HEARTBEAT
            else text = result.done ? frames.end : frames.event(result.value)
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

function framesOf(format: StreamFormat, source: FrameSource): Frames {
  if (format === 'openai') return openaiFrames(source)
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
