import type { Clock } from '../vocabulary/clock.ts'
import type { AnswerReader, StreamPart } from '../vocabulary/provider.ts'
import { type BodyControls, type BodyOutcome, type BodyReader, HIGH_WATER } from './body.ts'
import { gathering } from './gathering.ts'
import { partialOf } from './json-body.ts'
import { keepBytes } from './kept-bytes.ts'
import { textOf } from './parse.ts'
import { createSseParser } from './sse.ts'

/** Who takes the pieces of a streamed answer. */
export interface StreamTaker {
  /** Whether pieces are to be read now; asked before each event once the first content has been taken. */
  wants(): boolean
  part(part: StreamPart): void
  ping(): void
  /** The data of an event as it came. */
  raw?(data: string): void
}

/** A streamed body that its consumer reads at its own pace. */
export interface StreamBody extends Required<BodyReader> {
  /** Reads on, as far as the taker wants. */
  pump(): void
}

/** After a finish reason only usage may follow; a server that then neither sends nor ends is not waited for longer than this. */
const TRAILING_MS = 5_000

export interface StreamBodyInput {
  readonly provider: AnswerReader
  readonly controls: BodyControls
  readonly clock: Clock
  /** The longest event, in bytes. */
  readonly limit: number
  readonly taker: StreamTaker
}

/** Reads an answer that comes as server-sent events: bytes → events → pieces → proof that it is complete. */
export function openEventBody(input: StreamBodyInput): StreamBody {
  const { provider, controls, clock, limit, taker } = input
  const parser = createSseParser({ maxEventBytes: limit })
  // A stream is asked for only where the provider reads one.
  const read = (provider as Required<AnswerReader>).streamReader()
  const gathered = gathering()
  const kept = keepBytes()
  let begun = false
  let finished = false
  /** Content has followed a finish reason: then the next one proves no end, either. */
  let doubted = false
  let outcome: BodyOutcome | undefined
  let unread = 0
  let paused = false
  let sourceEnded = false
  let broken: { readonly error: unknown } | undefined
  let lastChunkAt = clock.now()
  let heardAt = lastChunkAt

  /** The answer has ended by its own word, and nothing has belied it. */
  const proven = (): boolean => finished && !doubted
  const whole = (): BodyOutcome => {
    const answer = gathered.answer()
    return { kind: 'whole', value: { answer, raw: undefined }, usage: answer.usage }
  }

  /** Takes in one piece; an outcome ends the reading. */
  function take(part: StreamPart): BodyOutcome | undefined {
    switch (part.type) {
      case 'error':
        return { kind: 'in_band', json: part.error }
      case 'malformed':
        // The piece of an event behind which the body ends: after a proof nothing depends on it.
        if (sourceEnded && parser.empty()) return proven() ? whole() : CUT
        return { kind: 'invalid', problem: part.problem, retryable: true }
      case 'end':
        if (finished || part.complete) return whole()
        return { kind: 'invalid', problem: 'the stream ended without an answer', retryable: true }
      case 'ping':
        heard()
        return undefined
      case 'finish':
        finished = true
        heardAt = lastChunkAt
        controls.silentUntil(clock.now() + TRAILING_MS)
        break
      default:
        break
    }
    gathered.add(part)
    if (isContent(part)) {
      heardAt = lastChunkAt
      doubted ||= finished
      if (!begun) {
        begun = true
        controls.began()
      }
    }
    taker.part(part)
    return undefined
  }

  function heard(): void {
    controls.ping()
    taker.ping()
  }

  /** Reads events while the taker wants them. Before the first content everything is read, because a retry may depend on it. */
  function run(): BodyOutcome | undefined {
    while (!outcome && (!begun || taker.wants())) {
      const frame = parser.next()
      if (!frame) {
        drained()
        if (sourceEnded || broken) outcome = atEnd()
        break
      }
      if (frame.kind === 'comment') heard()
      else if (frame.kind === 'too_large')
        outcome = { kind: 'invalid', problem: `an event is larger than maxResponseBytes (${limit})`, retryable: false }
      else {
        taker.raw?.(frame.data)
        for (const part of read(frame)) {
          outcome = take(part)
          if (outcome) break
        }
      }
    }
    if (unread > 0 && parser.empty()) drained()
    return outcome
  }

  function drained(): void {
    unread = 0
    if (!paused) return
    paused = false
    heardAt = clock.now()
    controls.resume()
  }

  /** Everything has been read: with a finish reason the answer is whole; where that is in doubt, if its connection ended well. */
  function atEnd(): BodyOutcome | undefined {
    if (broken ? proven() : finished) return whole()
    if (broken) {
      controls.fail(broken.error)
      return undefined
    }
    return begun ? CUT : { ...CUT, problem: 'the stream ended before any content' }
  }

  return {
    data(chunk) {
      lastChunkAt = clock.now()
      kept.add(chunk)
      parser.push(chunk)
      unread += chunk.length
      const ended = run()
      if (!ended && unread > HIGH_WATER && !paused) {
        paused = true
        controls.pause()
      }
      return ended
    },
    end() {
      sourceEnded = true
      parser.end()
      return run()
    },
    failed(error) {
      broken = { error }
      controls.read(run)
      return true
    },
    pump() {
      if (unread > 0 || sourceEnded || broken) controls.read(run)
    },
    idleDue(idle) {
      // While the consumer has something to read or reads nothing, the silence is its own.
      if (paused || unread > 0) return clock.now() + (proven() ? TRAILING_MS : idle)
      if (!proven()) return heardAt + idle
      if (heardAt + TRAILING_MS <= clock.now()) controls.read(() => (outcome = whole()))
      return Math.max(heardAt, clock.now()) + TRAILING_MS
    },
    proven: () => (proven() ? whole() : undefined),
    partial() {
      // Interrupted while its consumer was behind: what has come is read for the error alone.
      try {
        while (!outcome) {
          const frame = parser.next()
          if (!frame || frame.kind === 'too_large') break
          if (frame.kind === 'event') for (const part of read(frame)) gathered.add(part)
        }
      } catch {
        // The provider's own reader, which may be what has failed.
      }
      return partialOf(gathered.partial())
    },
    text: () => textOf([kept.bytes()]),
  }
}

const CUT = { kind: 'invalid', problem: 'the stream was cut before its end', retryable: true } as const

/** Content is what the caller waits for: a part with data but no text is none, nor is anything about the answer. */
export function isContent(part: StreamPart): boolean {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return part.text !== ''
    case 'tool_call':
      return part.arguments !== '' || part.name !== undefined || part.id !== undefined
    case 'other_content':
      return true
    default:
      return false
  }
}
