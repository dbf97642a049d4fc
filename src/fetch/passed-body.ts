import type { BodyControls, BodyOutcome, BodyReader, GoodResponse, WholeAnswer } from '../answer/body.ts'
import { openJsonBody } from '../answer/json-body.ts'
import { keepBytes } from '../answer/kept-bytes.ts'
import { textOf } from '../answer/parse.ts'
import { NO_TAKER, openStreamBody } from '../answer/stream-body.ts'
import { parsed } from '../base/json.ts'
import type { Call } from '../call/call.ts'
import type { Passage } from './passage.ts'

/** How an answer is handed on. */
export interface PassedBody extends BodyReader {
  /** The reader of the Response waits for more. */
  hungry(): void
  /** An error that the provider reported under a good status. */
  readonly inBand: { readonly json: unknown } | undefined
  /** Everything that belongs to the answer has arrived. */
  readonly complete: boolean
}

export interface PassedBodyInput {
  readonly call: Call
  /** Whether the answer's end can be proven. */
  readonly proven: boolean
  readonly response: GoodResponse
  readonly controls: BodyControls
  readonly passage: Passage
  /** The first content is there: from here on nothing can be tried again. */
  readonly onBegun: () => void
}

/** Reads an answer and hands it on: a document when it is whole, everything else as it comes. */
export function openPassedBody(input: PassedBodyInput): PassedBody {
  const { call, proven, response, controls, passage } = input
  const limit = call.settings.layer.maxResponseBytes
  const { stream } = call.request
  let ended = false
  let begun = false
  let complete = false
  let inBand: PassedBody['inBand']
  let paused = false
  let resumedAt = 0

  const watched: BodyControls = {
    silentUntil: (due) => controls.silentUntil(due),
    fail: (error) => controls.fail(error),
    ping: () => controls.ping(),
    pause: () => controls.pause(),
    resume: () => controls.resume(),
    began() {
      controls.began()
      // What begins with its end is handed on when it has proven to be whole.
      if (ended) return
      begun = true
      input.onBegun()
    },
    read: (step) => controls.read(() => noted(step())),
  }
  const document = !stream && (proven || isDocument(response))
  const reader = proven
    ? stream
      ? openStreamBody({
          provider: call.provider,
          controls: watched,
          clock: call.clock,
          limit,
          taker: NO_TAKER,
        })
      : openJsonBody(call.provider, limit)
    : openUnprovenBody(document, call, watched)

  function noted(outcome: BodyOutcome | undefined): BodyOutcome | undefined {
    if (outcome?.kind === 'in_band') inBand = { json: outcome.json }
    // A parser of event streams would read nothing in it and take that for an empty answer.
    if (outcome?.kind === 'whole' && proven && stream && outcome.value.raw !== undefined) return NO_STREAM
    complete = outcome?.kind === 'whole'
    return outcome
  }

  const { failed, idleDue, proven: provenOf } = reader
  return {
    get inBand() {
      return inBand
    },
    get complete() {
      return complete
    },
    data(chunk) {
      passage.push(chunk)
      const outcome = noted(reader.data(chunk))
      if (!outcome && !begun && !document && passage.unread > limit) return tooLarge(limit)
      if (!outcome && begun && passage.full && !paused) {
        paused = true
        controls.pause()
      }
      return outcome
    },
    end() {
      ended = true
      // Where the end of the connection is that of the document, a cut looks like an end.
      if (!proven && document && !isFramed(response) && isCut(textOf([passage.whole()]).trim()))
        return { kind: 'invalid', problem: 'the JSON document was cut before its end', retryable: true }
      return noted(reader.end())
    },
    ...(failed && { failed: (error: unknown) => failed(error) }),
    ...(provenOf && { proven: () => noted(provenOf()) }),
    idleDue(idle) {
      // While so much is unread that the server has to wait, the silence is the reader's own.
      if (paused) return call.clock.now() + idle
      return Math.max(idleDue?.(idle) ?? 0, resumedAt + idle)
    },
    partial: () => reader.partial(),
    text: () => reader.text(),
    hungry() {
      if (!paused) return
      paused = false
      resumedAt = call.clock.now()
      controls.resume()
    },
  }
}

const NO_STREAM: BodyOutcome = {
  kind: 'invalid',
  problem: 'the server answered with one document where a stream was asked for',
  retryable: false,
}

const tooLarge = (limit: number): BodyOutcome => ({
  kind: 'invalid',
  problem: `the body is larger than maxResponseBytes (${limit})`,
  retryable: false,
})

/** Embeddings, lists of models: small, and worth a second attempt until the last byte. */
const isDocument = ({ headers }: GoodResponse): boolean =>
  /^application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '')

const isFramed = ({ headers }: GoodResponse): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined

/** What begins as JSON and does not end as it began, nor is a line of it. */
function isCut(text: string): boolean {
  const end = { '{': '}', '[': ']' }[text[0] ?? '']
  return end !== undefined && !text.endsWith(end) && parsed(text.slice(text.lastIndexOf('\n') + 1)) === undefined
}

const SOMETHING: WholeAnswer = { answer: { text: '', toolCalls: [], finishReason: 'other' }, raw: undefined }

/** A body of which nothing is known: its framing alone says whether it is whole. */
function openUnprovenBody(document: boolean, { clock, settings }: Call, controls: BodyControls): BodyReader {
  const limit = settings.layer.maxResponseBytes
  const kept = keepBytes()
  let bytes = 0
  let heardAt = 0
  return {
    data(chunk) {
      kept.add(chunk)
      heardAt = clock.now()
      if (!document && bytes === 0 && chunk.length > 0) controls.began()
      bytes += chunk.length
      return document && bytes > limit ? tooLarge(limit) : undefined
    },
    end: () => ({ kind: 'whole', value: SOMETHING, usage: undefined }),
    idleDue: (idle) => heardAt + idle,
    partial: () => undefined,
    text: () => textOf([kept.bytes()]),
  }
}
