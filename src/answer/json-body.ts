import { parsed } from '../base/json.ts'
import { YOUNG } from '../base/young.ts'
import { MOST_SHOWN } from '../classify/observation.ts'
import type { Answer, AnswerReader } from '../vocabulary/provider.ts'
import type { PartialAnswer } from '../vocabulary/result.ts'
import type { BodyOutcome, BodyReader } from './body.ts'
import { notJson, salvage, textOf } from './parse.ts'

/** No answer is as large; reading more of what failed anyway would keep everything else waiting. */
const MOST_SALVAGED = 4 * 1024 * 1024

/** Reads a body that is one JSON document. `limit` counts decoded bytes. */
export function openJsonBody(provider: AnswerReader, limit: number): BodyReader {
  const body: JsonBody = { ...BLANK, provider, limit, chunks: NO_CHUNKS.slice() }
  return body
}

interface JsonBody extends BodyReader {
  readonly provider: AnswerReader
  readonly limit: number
  readonly chunks: Uint8Array[]
  bytes: number
  salvaged: PartialAnswer | undefined
  salvagedAt: number
}

const READER: BodyReader & ThisType<JsonBody> = {
  data(chunk) {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes <= this.limit) return undefined
    return { kind: 'invalid', problem: `the body is larger than maxResponseBytes (${this.limit})`, retryable: false }
  },
  end() {
    return outcomeOf(this.provider, textOf(this.chunks))
  },
  partial() {
    const { provider, chunks, bytes } = this
    if (this.salvagedAt < bytes) this.salvaged = partialOf(salvage(provider, textOf(chunks, MOST_SALVAGED)))
    this.salvagedAt = bytes
    return this.salvaged
  },
  text() {
    return textOf(this.chunks, MOST_SHOWN)
  },
}

const NO_CHUNKS: readonly Uint8Array[] = []

/** What lives as long as a call is copied, methods and all: see BLANK in open-call.ts. */
const BLANK: JsonBody = {
  ...READER,
  provider: undefined as never,
  limit: 0,
  chunks: [],
  bytes: 0,
  salvaged: undefined,
  salvagedAt: 0,
}

/** The media type is not believed: gateways answer JSON as text/plain or octet-stream, and HTML as JSON. */
function outcomeOf(provider: AnswerReader, text: string): BodyOutcome {
  const raw = parsed(text)
  if (raw === undefined) return { kind: 'invalid', problem: notJson(text), retryable: true }
  const read = provider.parse(raw)
  switch (read.kind) {
    case 'answer':
      return {
        ...YOUNG,
        kind: 'whole',
        value: { ...YOUNG, answer: read.answer, raw },
        usage: read.answer.usage,
      }
    case 'error':
      return { kind: 'in_band', json: read.error }
    case 'incomplete':
      return { kind: 'invalid', problem: read.problem, retryable: true }
  }
  // Only a provider of the user's own, written without types, comes here; silence would leave the call to its deadline.
  throw new TypeError('parse() returned neither an answer, nor an error, nor what is incomplete')
}

/** What had been received, or undefined where that is nothing. */
export function partialOf(answer: Partial<Answer> | undefined): PartialAnswer | undefined {
  if (!answer) return undefined
  const { text = '', reasoning = '', usage } = answer
  const toolCalls = answer.toolCalls ?? []
  return text || reasoning || toolCalls.length > 0 || usage ? { text, reasoning, toolCalls, usage } : undefined
}
