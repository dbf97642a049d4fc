import { fail } from './check.ts'
import { CompletionError, type CompletionErrorJSON } from './errors.ts'
import { createSseParser } from './sse.ts'
import type { StreamEvent } from './stream-events.ts'

/** A body of `toReadableStream({ format: 'events' })`: a response, its body, or its bytes. */
export type EventsBody =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | { readonly body: ReadableStream<Uint8Array> | null }

/**
 * Reads the format `'events'` back, in a browser too.
 *
 * @throws CompletionError the one that the stream failed with; `invalid_response` where the body ends before the answer does
 */
export async function* readEvents(body: EventsBody): AsyncGenerator<StreamEvent, undefined, undefined> {
  const parser = createSseParser()
  let finished = false
  for await (const chunk of chunksOf(body)) {
    parser.push(chunk)
    for (let frame = parser.next(); frame; frame = parser.next()) {
      const event = frame.kind === 'event' ? eventOf(frame.data) : frame.kind === 'comment' ? PING : undefined
      if (!event) continue
      if (event.type === 'error') throw CompletionError.fromJSON(event.error)
      finished ||= event.type === 'finish'
      yield event
    }
  }
  // Every event ends with a blank line here, so what stands behind the last one is a piece of an event that was cut.
  if (!finished) {
    const message =
      'invalid_response: the event stream ended before the answer did. The connection was cut on its way here.'
    throw new CompletionError({ code: 'invalid_response', message, retryable: true })
  }
  return undefined
}

const PING: StreamEvent = { type: 'ping' }

type Written = StreamEvent | { readonly type: 'error'; readonly error: CompletionErrorJSON }

function eventOf(data: string): Written {
  try {
    const event = JSON.parse(data) as Written
    if (typeof event.type === 'string') return event
  } catch {
    // Said below, without quoting what may be an answer.
  }
  throw new CompletionError({
    code: 'invalid_response',
    message: "invalid_response: the body is not in the format 'events'.",
  })
}

/** The chunks. Leaving early cancels the body. */
async function* chunksOf(body: EventsBody): AsyncGenerator<Uint8Array, undefined, undefined> {
  const source = 'body' in body ? body.body : body
  if (source === null || typeof source !== 'object')
    fail('readEvents', body, 'a response with a body, or a stream of bytes')
  if (Symbol.asyncIterator in source) {
    yield* source
  } else {
    // Safari's streams cannot be iterated.
    const reader = (source as ReadableStream<Uint8Array>).getReader()
    let ended = false
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        yield value
      }
      ended = true
    } finally {
      if (!ended) await reader.cancel()
    }
  }
  return undefined
}
