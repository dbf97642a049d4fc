import { fail } from '../base/check.ts'
import { parsed } from '../base/json.ts'
import type { Clock } from '../vocabulary/clock.ts'
import type { StreamEvent } from './stream-events.ts'
import type { ReadableStreamOptions, StreamFormat } from './stream-handle.ts'

/** What frames tell of the call beside its events. */
export interface FrameSource {
  readonly clock: Clock
  readonly callId: string
  readonly model: string
}

/** How a stream is written: each event, a failure, and what stands at the end. */
export interface Frames {
  event(event: StreamEvent): string
  failure(error: unknown): string
  readonly end: string
}

/** A comment: every reader of server-sent events skips it, and every proxy takes it for life. */
export const HEARTBEAT = ': ping\n\n'

/** An event of server-sent events that holds JSON, which has no line breaks of its own. */
export function dataFrame(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** An event as JSON. A validated input may be anything, a bigint among it; then it goes as it was written. */
export function eventFrame(event: StreamEvent): string {
  try {
    return dataFrame(event)
  } catch (error) {
    if (event.type !== 'tool_call') throw error
    const { toolCall } = event
    return dataFrame({ ...event, toolCall: { ...toolCall, input: parsed(toolCall.arguments) } })
  }
}

const HEARTBEAT_MS = 15_000

/** The options of everything that writes a stream, checked and with their defaults. */
export function checkWriting({ format = 'events', heartbeat = HEARTBEAT_MS }: ReadableStreamOptions): {
  readonly format: StreamFormat
  readonly heartbeat: number
} {
  if (format !== 'events' && format !== 'openai' && typeof format !== 'function')
    fail('format', format, "'events', 'openai' or a function")
  if (typeof heartbeat !== 'number' || !(heartbeat > 0))
    fail('heartbeat', heartbeat, 'a number of milliseconds above 0')
  return { format, heartbeat }
}

/** A format of the caller's own, which may be written without types and give nothing. */
export function written(format: (event: StreamEvent) => string): Frames['event'] {
  return (event) => {
    const text: unknown = format(event)
    if (typeof text !== 'string')
      fail('format', text, 'a function that returns a string, empty where an event has no form')
    return text
  }
}
