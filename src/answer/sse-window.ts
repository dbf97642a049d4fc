/**
 * Bytes to text, for the SSE parser: cuts a byte stream behind whole events and decodes one window of them at a time.
 *
 * An event ends at a blank line, which at the level of bytes is a line end directly after a line end (CRLF being one of
 * them). Cutting only there means that no character is ever split, that an event's size is known exactly, and that tiny
 * chunks are joined before they are decoded. A comment line between events is cut out by itself, for a sign of life
 * must not wait for a blank line.
 */

/** What has been done so far, in bytes: what a proof of linearity counts. */
export interface SseWork {
  /** Compared, in search of the end of an event. */
  readonly scanned: number
  /** Moved from one buffer to another. */
  readonly copied: number
  /** Turned into text. */
  readonly decoded: number
}

export interface SseWindows {
  push(chunk: Uint8Array): void
  end(): void
  /** The text of one or more whole events, line ends as they came; undefined where more bytes are needed. */
  read(): string | typeof TOO_LARGE | undefined
  /** Nothing is left of what was pushed. */
  empty(): boolean
  work(): SseWork
}

/** An event has passed the limit. Said once; everything held is dropped by then and `read` gives nothing more. */
export const TOO_LARGE: unique symbol = Symbol('too large')

const LF = 10
const CR = 13
const COLON = 58
const NOTHING = new Uint8Array(0)
const SMALLEST_BUFFER = 512
/** A buffer that one huge event has needed is not kept for the small ones that follow. */
const LARGEST_KEPT_BUFFER = 65_536
/** How many consumed chunks may stay at the queue's front before it is moved up. */
const LONGEST_CONSUMED = 1_000

// Never with `stream: true`, which leaves Node's fast path for good. The byte order mark is stripped here, once,
// instead of by every call.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function createSseWindows(maxEventBytes: number, wantedWindow: number): SseWindows {
  // Never larger than the limit: events that share a window are then all within it, without being measured one by one.
  const windowBytes = Math.min(wantedWindow, maxEventBytes)
  const queue: Uint8Array[] = []
  let head = 0
  let ended = false
  let dead = false

  // The bytes at hand: [start, end) of a chunk as it came, or of our own buffer where an event lies across chunks.
  let buffer: Uint8Array = NOTHING
  let bytes: Uint8Array = NOTHING
  let start = 0
  let end = 0
  // No event ends in [start, noEvent) and no line in [start, noLine): nothing is looked at twice, however small the
  // pieces.
  let noEvent = 0
  let noLine = 0
  let atStreamStart = true
  let scanned = 0
  let copied = 0
  let decoded = 0

  /** Adds queued chunks to the bytes at hand; false where there are none. */
  function more(): boolean {
    const chunk = queue[head]
    if (chunk === undefined) return false
    let last = head + 1
    let needed = end - start + chunk.length
    for (let next = queue[last]; next && needed + next.length <= windowBytes; next = queue[++last])
      needed += next.length
    if (start === end && last === head + 1) hold(chunk)
    else {
      reserve(needed)
      for (const piece of queue.slice(head, last)) {
        bytes.set(piece, end)
        end += piece.length
        copied += piece.length
      }
    }
    head = last
    if (head === queue.length) head = queue.length = 0
    else if (head > LONGEST_CONSUMED) {
      queue.splice(0, head)
      head = 0
    }
    return true
  }

  /** Makes a chunk, as it came, the bytes at hand. */
  function hold(chunk: Uint8Array): void {
    if (buffer.length > LARGEST_KEPT_BUFFER) buffer = NOTHING
    bytes = chunk
    start = noEvent = noLine = 0
    end = chunk.length
  }

  /**
   * Makes the bytes at hand the front of our own buffer, with room for `needed` in all. Doubling keeps the sum of the
   * moves linear.
   */
  function reserve(needed: number): void {
    if (bytes === buffer && start + needed <= buffer.length) return
    const target =
      needed <= buffer.length ? buffer : new Uint8Array(Math.max(SMALLEST_BUFFER, 2 * buffer.length, needed))
    target.set(bytes.subarray(start, end))
    copied += end - start
    noEvent = Math.max(0, noEvent - start)
    noLine = Math.max(0, noLine - start)
    end -= start
    start = 0
    bytes = buffer = target
  }

  /**
   * Where the next window ends: the last event's end within reach, else a comment line's, else the first event's
   * beyond; 0 for none.
   */
  function windowEnd(): number {
    const near = Math.min(end, start + windowBytes)
    let from = Math.max(start + 1, noEvent)
    if (near > from) {
      const last = lastEventEnd(bytes, from, near)
      scanned += near - (last || from)
      if (last > 0) return last
      noEvent = from = near
    }
    if (bytes[start] === COLON) {
      const lineFrom = Math.max(start, noLine)
      noLine = lineEnd(bytes, lineFrom, end)
      scanned += noLine - lineFrom
      if (noLine < end) return noLine + 1
    }
    if (from >= end) return 0
    const next = firstEventEnd(bytes, from, end)
    noEvent = next || end
    scanned += noEvent - from
    return next
  }

  function read(): string | typeof TOO_LARGE | undefined {
    for (;;) {
      // Blank lines before an event, among them the LF of a CRLF that was cut behind its CR: no part of the event.
      while (start < end && (bytes[start] === LF || bytes[start] === CR)) {
        start++
        atStreamStart = false
      }
      let cut = start < end ? windowEnd() : 0
      if (cut === 0 && end - start <= maxEventBytes) {
        if (more()) continue
        if (!ended || start === end) return undefined
        cut = end
      }
      if (cut === 0 || cut - start > maxEventBytes) {
        dead = true
        end = start = head = queue.length = 0
        bytes = buffer = NOTHING
        return TOO_LARGE
      }
      const text = decoder.decode(start === 0 && cut === bytes.length ? bytes : bytes.subarray(start, cut))
      decoded += cut - start
      start = noLine = cut
      const marked = atStreamStart && text.charCodeAt(0) === 0xfeff
      atStreamStart = false
      return marked ? text.slice(1) : text
    }
  }

  return {
    push: (chunk) => {
      if (chunk.length === 0 || dead || ended) return
      // Mostly whoever reads has read all: then the queue, which would have to be made anew each time, is passed by.
      if (start === end && queue.length === 0) hold(chunk)
      else queue.push(chunk)
    },
    end: () => {
      ended = true
    },
    read,
    empty: () => start === end && head === queue.length,
    work: () => ({ scanned, copied, decoded }),
  }
}

/** Whether a blank line ends with the byte at `i`. */
function endsEvent(bytes: Uint8Array, i: number): boolean {
  const before = bytes[i - 1]
  return bytes[i] === LF ? before === LF : bytes[i] === CR && (before === LF || before === CR)
}

// The end of an event takes two bytes, so looking at every second byte finds it; both searches want from >= 1 and give
// 0 for none.

function lastEventEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = to - 1; i >= from - 1; i -= 2) {
    if ((bytes[i] as number) > CR) continue
    if (i + 1 < to && endsEvent(bytes, i + 1)) return i + 2
    if (i >= from && endsEvent(bytes, i)) return i + 1
  }
  return 0
}

function firstEventEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i += 2) {
    if ((bytes[i] as number) > CR) continue
    if (endsEvent(bytes, i)) return i + 1
    if (i + 1 < to && endsEvent(bytes, i + 1)) return i + 2
  }
  return 0
}

function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from
  while (i < to && bytes[i] !== LF && bytes[i] !== CR) i++
  return i
}
