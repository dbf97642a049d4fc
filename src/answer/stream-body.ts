import type { Clock } from '../vocabulary/clock.ts'
import type { Answer, Provider, StreamPart } from '../vocabulary/provider.ts'
import { type BodyControls, type BodyOutcome, type BodyReader, type GoodResponse, HIGH_WATER } from './body.ts'
import { gathering } from './gathering.ts'
import { type JsonAnswer, openJsonBody, partialOf } from './json-body.ts'
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

/** Takes nothing: what matters is the whole. */
export const NO_TAKER: StreamTaker = { wants: () => true, part: () => undefined, ping: () => undefined }

/** A streamed body that its consumer reads at its own pace. */
export interface StreamBody extends BodyReader<JsonAnswer> {
  /** Reads on, as far as the taker wants. */
  pump(): void
}

/** After a finish reason only usage may follow; a server that then neither sends nor ends is not waited for longer than this. */
const TRAILING_MS = 5_000

export interface StreamBodyInput {
  readonly provider: Provider
  readonly response: GoodResponse
  readonly controls: BodyControls<JsonAnswer>
  readonly clock: Clock
  /** The longest event, in bytes. */
  readonly limit: number
  readonly taker: StreamTaker
}

/** Reads a streamed answer: bytes → events → pieces → proof that it is complete. */
export function openStreamBody(input: StreamBodyInput): StreamBody {
  const { provider, controls, clock, limit, taker } = input
  const parser = createSseParser({ maxEventBytes: limit })
  const read = provider.streamReader?.() ?? (() => [])
  const gathered = gathering()
  const kept = keepBytes()
  /** A JSON document in place of a stream. */
  let document: BodyReader<JsonAnswer> | undefined
  let sniffed = false
  let begun = false
  let finished = false
  /** Content has followed a finish reason: then the next one proves no end, either. */
  let doubted = false
  let outcome: BodyOutcome<JsonAnswer> | undefined
  let unread = 0
  let paused = false
  let sourceEnded = false
  let broken: { readonly error: unknown } | undefined
  let lastChunkAt = clock.now()
  let heardAt = lastChunkAt

  /** The answer has ended by its own word, and nothing has belied it. */
  const proven = (): boolean => finished && !doubted
  const whole = (): BodyOutcome<JsonAnswer> => {
    const answer = gathered.answer()
    return { kind: 'whole', value: { answer, raw: undefined }, usage: answer.usage }
  }

  /** Takes in one piece; an outcome ends the reading. */
  function take(part: StreamPart): BodyOutcome<JsonAnswer> | undefined {
    switch (part.type) {
      case 'error':
        return { kind: 'in_band', json: part.error }
      case 'malformed':
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
  function run(): BodyOutcome<JsonAnswer> | undefined {
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
  function atEnd(): BodyOutcome<JsonAnswer> | undefined {
    if (broken ? proven() : finished) return whole()
    if (broken) {
      controls.fail(broken.error)
      return undefined
    }
    const problem = begun ? 'the stream was cut before its end' : 'the stream ended before any content'
    return { kind: 'invalid', problem, retryable: true }
  }

  /** Some servers answer with a JSON document, and proxies with a web page, although a stream was asked for. */
  function sniff(chunk: Uint8Array): void {
    const first = chunk.find((byte) => byte > SPACE && byte < 0x80)
    if (first === undefined) return
    sniffed = true
    if (first === BRACE || first === BRACKET || first === LESS_THAN) document = openJsonBody(provider, limit)
    if (!document) return
    document.data(kept.bytes())
    // It is whole or nothing, but it is content, and it may stall.
    controls.silentUntil(lastChunkAt)
  }

  return {
    data(chunk) {
      lastChunkAt = clock.now()
      if (document) return document.data(chunk)
      if (!sniffed) sniff(chunk)
      kept.add(chunk)
      if (document) return (document as BodyReader<JsonAnswer>).data(chunk)
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
      if (!document) {
        parser.end()
        return run()
      }
      const ended = document.end()
      if (ended?.kind === 'whole') {
        for (const part of partsOf(ended.value.answer)) take(part)
      }
      return ended
    },
    failed(error) {
      if (document) return false
      broken = { error }
      controls.read(run)
      return true
    },
    pump() {
      if (unread > 0 || sourceEnded || broken) controls.read(run)
    },
    idleDue(idle) {
      if (document) return lastChunkAt + idle
      // While the consumer has something to read or reads nothing, the silence is its own.
      if (paused || unread > 0) return clock.now() + (proven() ? TRAILING_MS : idle)
      if (!proven()) return heardAt + idle
      if (heardAt + TRAILING_MS <= clock.now()) controls.read(() => (outcome = whole()))
      return Math.max(heardAt, clock.now()) + TRAILING_MS
    },
    proven: () => (proven() ? whole() : undefined),
    partial: () => (document ? document.partial() : partialOf(gathered.partial())),
    text: () => (document ? document.text() : textOf([kept.bytes()])),
  }
}

const SPACE = 0x20
const BRACE = 0x7b
const BRACKET = 0x5b
const LESS_THAN = 0x3c

/** Content is what the caller waits for: a part with data but no text is none, nor is anything about the answer. */
function isContent(part: StreamPart): boolean {
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

/** A whole answer as the pieces of a stream that had it. */
function partsOf(answer: Answer): StreamPart[] {
  const { reasoning, text, refusal, toolCalls, usage, finishReason } = answer
  const parts: StreamPart[] = []
  if (reasoning) parts.push({ type: 'reasoning', text: reasoning })
  if (text) parts.push({ type: 'text', text })
  if (refusal) parts.push({ type: 'refusal', text: refusal })
  for (const [index, { id, name, arguments: written, providerData }] of toolCalls.entries()) {
    parts.push({ type: 'tool_call', index, id, name, arguments: written, providerData })
  }
  if (usage) parts.push({ type: 'usage', usage })
  parts.push({ type: 'finish', finishReason })
  return parts
}
