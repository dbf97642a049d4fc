import type { BodyOutcome, BodyReader } from './body.ts'
import { readBody, salvage, textOf } from './parse.ts'
import type { Answer, Provider } from './provider.ts'
import type { PartialAnswer } from './result.ts'

/** An answer and the body it was read from. */
export interface JsonAnswer {
  readonly answer: Answer
  readonly raw: unknown
}

/** No answer is as large; reading more of what failed anyway would keep everything else waiting. */
const MOST_SALVAGED = 4 * 1024 * 1024
/** The error shows no more. */
const MOST_SHOWN = 64 * 1024

/** Reads a body that is one JSON document. `limit` counts decoded bytes. */
export function openJsonBody(provider: Provider, limit: number): BodyReader<JsonAnswer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let salvaged: PartialAnswer | undefined
  let salvagedAt = 0
  return {
    ...SHUT,
    data(chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes <= limit) return undefined
      return { kind: 'invalid', problem: `the body is larger than maxResponseBytes (${limit})`, retryable: false }
    },
    end: () => outcomeOf(provider, textOf(chunks)),
    partial() {
      if (salvagedAt < bytes) salvaged = partialOf(salvage(provider, textOf(chunks, MOST_SALVAGED)))
      salvagedAt = bytes
      return salvaged
    },
    text: () => textOf(chunks, MOST_SHOWN),
  }
}

/** What lives as long as a call is copied: see BLANK in open-call.ts. */
const SHUT: BodyReader<JsonAnswer> = {
  data: () => undefined,
  end: () => undefined,
  partial: () => undefined,
  text: () => '',
}

function outcomeOf(provider: Provider, text: string): BodyOutcome<JsonAnswer> {
  const { parsed, json } = readBody(provider, text)
  switch (parsed.kind) {
    case 'answer':
      return { kind: 'whole', value: { answer: parsed.answer, raw: json }, usage: parsed.answer.usage }
    case 'error':
      return { kind: 'in_band', json: parsed.error }
    case 'incomplete':
      return { kind: 'invalid', problem: parsed.problem, retryable: true }
  }
  // Only a provider of the user's own, written without types, comes here; silence would leave the call to its deadline.
  throw new TypeError('parse() returned neither an answer, nor an error, nor what is incomplete')
}

/** What had been received, or undefined where that is nothing. */
export function partialOf(answer: Partial<Answer> | undefined): PartialAnswer | undefined {
  if (!answer) return undefined
  const { text = '', reasoning = '', toolCalls = [], usage } = answer
  return text || reasoning || toolCalls.length > 0 || usage ? { text, reasoning, toolCalls, usage } : undefined
}
