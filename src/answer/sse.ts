import type { ServerSentEvent } from '../vocabulary/provider.ts'
import { createSseWindows, type SseWork, TOO_LARGE } from './sse-window.ts'

/**
 * text/event-stream, pulled one frame at a time
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 *
 * Nothing becomes a frame before it is asked for, so a consumer that waits makes the reader wait. What runs ahead of it
 * is text alone, at most 4 KB of it: that many bytes of whole events share one decode call, for a call per event made
 * bulk reading 1.4 to 1.8 times as slow.
 *
 * Why not eventsource-parser 4.1? Speed does not decide (bench/sse.ts: ratios to a naive split with JSON.parse, control
 * within 0.98-1.00):
 *
 *                                      ours        eventsource-parser
 *     16 KB chunks of 70 events        1.02-1.05   0.97-1.01
 *     one chunk per event              0.96        0.99-1.02
 *     one byte per chunk               0.48-0.51   0.67-0.70
 *     one 8 MB event in 16 KB chunks   0.70-0.84   1     (of theirs, the naive split being quadratic)
 *
 * and the two weigh nearly the same (1.5 and 1.8 KB compressed). It decides that theirs calls back with every event of
 * a chunk at once, drops a last event without its blank line, gives the `error:` field of old llama.cpp servers to its
 * error callback, and limits characters, not bytes.
 */

/** An event with data; it may be passed on as it is wherever a ServerSentEvent is asked for. */
export interface SseEvent extends ServerSentEvent {
  readonly kind: 'event'
}

/** A comment line (`: ping`) between events: the server is alive but has nothing to say. */
export interface SseComment {
  readonly kind: 'comment'
}

/** An event was longer than the limit. It is the last frame: what was held is dropped, what follows is ignored. */
export interface SseTooLarge {
  readonly kind: 'too_large'
}

export type SseFrame = SseEvent | SseComment | SseTooLarge

export interface SseParserOptions {
  /** The longest event on the wire, in bytes, field names and line ends included. @defaultValue Infinity */
  readonly maxEventBytes?: number | undefined
  /**
   * How many bytes of whole events are decoded at a time; 0 is one event at a time. For tests and measurements.
   * @defaultValue 4096
   */
  readonly windowBytes?: number | undefined
}

export interface SseParser {
  /**
   * Takes bytes and keeps them; they are not looked at before `next` needs them, and must not be changed until then.
   */
  push(chunk: Uint8Array): void
  /**
   * The next frame; undefined where more bytes are needed, and for good once the end was told and everything is read.
   * Never throws.
   */
  next(): SseFrame | undefined
  /**
   * Tells that no more bytes come: a last event without its blank line, even without its line end, counts as it stands.
   */
  end(): void
  /** Nothing is left of what was pushed. */
  empty(): boolean
  /** What the parser has done so far. */
  work(): SseWork
}

const SPACE = 32
/** How a line begins that is of JSON text, and not of the end that some servers write without its field. */
const BARE_JSON = /^\s*(?:["{}\]]|\[(?!DONE))/
const DEFAULT_WINDOW = 4_096

export function createSseParser(options: SseParserOptions = {}): SseParser {
  const maxEventBytes = options.maxEventBytes ?? Infinity
  const windows = createSseWindows(maxEventBytes, options.windowBytes ?? DEFAULT_WINDOW)
  let text = ''
  let position = 0
  // The nearest of each line end at or behind `position`, each sought once: text of one kind is not searched for the
  // other line by line.
  let lineFeed = -1
  let carriageReturn = -1

  function next(): SseFrame | undefined {
    for (;;) {
      while (position < text.length) {
        const frame = readFrame()
        if (frame !== undefined) return frame
      }
      const window = windows.read()
      position = 0
      lineFeed = carriageReturn = -1
      text = typeof window === 'string' ? window : ''
      if (window === undefined) return undefined
      if (window === TOO_LARGE) return { kind: 'too_large' }
    }
  }

  /**
   * Reads from the text at hand, which ends with an event's end: nothing of an event is carried over to the next
   * window.
   */
  function readFrame(): SseFrame | undefined {
    let event: string | undefined
    let data: string | undefined
    let error: string | undefined
    let bare: string | undefined
    while (position < text.length) {
      const lineStart = position
      if (lineFeed < lineStart) lineFeed = indexOrEnd('\n')
      if (carriageReturn < lineStart) carriageReturn = indexOrEnd('\r')
      const lineEnd = lineFeed < carriageReturn ? lineFeed : carriageReturn
      position = lineEnd + (lineFeed === carriageReturn + 1 ? 2 : 1)
      if (lineEnd === lineStart) {
        if (data !== undefined || error !== undefined || bare !== undefined) break
        event = undefined
      } else if (text.startsWith('data:', lineStart)) {
        const value = text.slice(text.charCodeAt(lineStart + 5) === SPACE ? lineStart + 6 : lineStart + 5, lineEnd)
        data = data === undefined ? value : `${data}\n${value}`
      } else {
        const line = text.slice(lineStart, lineEnd)
        const colon = line.indexOf(':')
        const name = colon === -1 ? line : line.slice(0, colon)
        const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1)
        if (name === 'event') event = value === '' ? undefined : value
        else if (name === 'data') data = data === undefined ? '' : `${data}\n`
        else if (name === 'error') error = error === undefined ? value : `${error}\n${value}`
        else if (BARE_JSON.test(line)) bare = bare === undefined ? line : `${bare}\n${line}`
        // Inside an event that has begun, the event itself is the sign of life.
        else if (colon === 0 && (event ?? data ?? error ?? bare) === undefined) {
          return { kind: 'comment' }
        }
      }
    }
    // Gemini ends a stream with an error's JSON as it stands; old llama.cpp servers report a failure in a field of that name. The
    // specification would have us ignore both.
    if (bare?.includes('"error"')) error ??= bare
    if (error !== undefined) return { kind: 'event', event: 'error', data: error }
    return data === undefined ? undefined : { kind: 'event', event, data }
  }

  function indexOrEnd(character: string): number {
    const index = text.indexOf(character, position)
    return index === -1 ? text.length : index
  }

  return {
    push: windows.push,
    next,
    end: windows.end,
    empty: () => position >= text.length && windows.empty(),
    work: windows.work,
  }
}
