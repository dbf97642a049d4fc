/** What the answers of all wires have in common. */

import { list, object, text, written } from '../base/json.ts'
import type { FinishReason } from '../vocabulary/result.ts'

/** A wire's word for the end in ours, by its table; what the table lacks (or an object inherits) is `other`. */
export function translated(table: Readonly<Record<string, FinishReason>>, raw: string | undefined): FinishReason {
  return (raw !== undefined && Object.hasOwn(table, raw) && table[raw]) || 'other'
}

/** Finish reasons that report a failure (OpenRouter, DeepSeek, Mistral; Zhipu's failed inference; vLLM's aborted one). */
const FAILURES: ReadonlySet<unknown> = new Set(['error', 'insufficient_system_resource', 'network_error', 'abort'])

/**
 * The error object of a body or a stream's event under a 200, in its envelope; undefined where it is none. Known shapes: `error` as an
 * object, a string or a list (Cloudflare's gateway), at the top or in the choice (OpenRouter), a flat one (vLLM, Mistral, SGLang,
 * Zhipu), one in an array (Gemini), MiniMax' `base_resp`, and a finish reason that means failure.
 */
export function failureIn(value: unknown): unknown {
  const json = object(Array.isArray(value) ? value[0] : value)
  if (!json) return undefined
  if (object(json.error) || text(json.error) || list(json.error).length > 0) return json
  const cut = object(json.x_groq)?.error
  if (cut) return { error: cut }
  const choice = object(list(json.choices)[0])
  if (choice) {
    if (object(choice.error) || text(choice.error)) return { error: choice.error }
    if (FAILURES.has(text(choice.finish_reason)?.toLowerCase())) {
      return { error: { code: choice.finish_reason } }
    }
  } else if (
    !json.choices &&
    (json.object === 'error' ||
      json.type === 'error' ||
      json.detail ||
      text(json.message) ||
      text(json.error_message) ||
      (json.code && text(json.msg)) ||
      list(json.errors).length > 0 ||
      object(json.base_resp)?.['status_code'])
  )
    return json
  return undefined
}

/**
 * An id for a call that came without one (the legacy function call, Gemini): unique within a conversation, as Anthropic demands. Empty
 * where the answer has none either: then the call that asked gives it one.
 */
export function callId(answerId: string | undefined, index: number): string {
  // Within OpenAI's 40 characters, whatever the answer's id is.
  return answerId ? `call_${answerId.replace(/[^\w-]/g, '').slice(-24)}_${index}` : ''
}

/** Arguments as the model wrote them; a server that has parsed them already gets them written again. */
export function argumentsOf(value: unknown): string {
  return typeof value === 'string' ? value : value == null ? '' : written(value)
}

/** Of an answer whose finish reason says so. */
export const BROKEN_PROBLEM = 'the model wrote a function call that its server could not read'
