import { count, type JsonObject, list, object, parsed, text } from '../base/json.ts'
import { failureIn } from '../providers/answer.ts'
import type { Answer, AnswerReader, Parsed, ServerSentEvent, StreamPart } from '../vocabulary/provider.ts'
import type { FinishReason, Usage } from '../vocabulary/result.ts'

/**
 * OpenAI's Responses, which `complete` does not speak and SDKs do: read as far as is needed to know that an answer is whole, and what
 * had arrived of one that is not.
 */
export const responses: Omit<AnswerReader, 'name'> = { parse: parseResponse, streamReader: () => readEvent }

/** A background response is handed out before it has been worked on; asking for it again is the caller's matter. */
const FINISHED: Readonly<Record<string, FinishReason>> = {
  completed: 'stop',
  incomplete: 'length',
  cancelled: 'other',
  queued: 'other',
  in_progress: 'other',
}

function parseResponse(body: unknown): Parsed {
  const json = object(body)
  const failure = failureIn(body)
  if (failure !== undefined) return { kind: 'error', error: failure }
  const status = text(json?.status) ?? ''
  const reason = Object.hasOwn(FINISHED, status) ? FINISHED[status] : undefined
  if (!json || !reason) return { kind: 'incomplete', problem: 'the response has no status' }
  const answer: Answer = {
    text: list(json.output).map(saidIn).join(''),
    toolCalls: [],
    finishReason: reason,
    usage: usageOf(json),
    id: text(json.id),
    model: text(json.model),
  }
  return { kind: 'answer', answer }
}

function saidIn(item: unknown): string {
  return list(object(item)?.content)
    .map((part) => text(object(part)?.text) ?? '')
    .join('')
}

function usageOf(response: JsonObject): Usage | undefined {
  const usage = object(response.usage)
  if (!usage) return undefined
  const inputTokens = count(usage.input_tokens) ?? 0
  const outputTokens = count(usage.output_tokens) ?? 0
  return {
    inputTokens,
    outputTokens,
    totalTokens: count(usage.total_tokens) ?? inputTokens + outputTokens,
    reasoningTokens: count(object(usage.output_tokens_details)?.reasoning_tokens),
    cachedInputTokens: count(object(usage.input_tokens_details)?.cached_tokens),
  }
}

const NOTHING: readonly StreamPart[] = []
const OTHER_CONTENT: readonly StreamPart[] = [{ type: 'other_content' }]

function readEvent({ event: name, data }: ServerSentEvent): readonly StreamPart[] {
  // Some gateways end every stream alike.
  if (data === '[DONE]') return NOTHING
  const event = object(parsed(data))
  if (!event) return [{ type: 'malformed', problem: 'an event of the stream is no JSON object' }]
  const delta = text(event.delta) ?? ''
  switch (event.type) {
    case 'response.output_text.delta':
      return [{ type: 'text', text: delta }]
    case 'response.refusal.delta':
      return [{ type: 'refusal', text: delta }]
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return [{ type: 'reasoning', text: delta }]
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
    case 'response.mcp_call_arguments.delta':
    case 'response.code_interpreter_call_code.delta':
      return [{ type: 'tool_call', index: count(event.output_index) ?? 0, arguments: delta }]
    case 'response.completed':
    case 'response.incomplete':
    // Codex' backend and relays of it end so.
    case 'response.done':
      return ending(event)
    case 'response.failed':
      return [{ type: 'error', error: { error: object(event.response)?.error } }]
    case 'error':
      return [{ type: 'error', error: object(event.error) ? event : { error: event } }]
    default: {
      // Audio, transcripts, previews of an image, and what is still to come.
      if (delta || text(event.partial_image_b64)) return OTHER_CONTENT
      // Gateways report their own trouble in their own way, without a type.
      const failure = name === 'error' ? event : event.type === undefined ? failureIn(event) : undefined
      return failure === undefined ? NOTHING : [{ type: 'error', error: failure }]
    }
  }
}

function ending(event: JsonObject): readonly StreamPart[] {
  const response = object(event.response)
  if (object(response?.error)) return [{ type: 'error', error: { error: response?.error } }]
  const usage = response && usageOf(response)
  const cut = event.type === 'response.incomplete' || response?.status === 'incomplete'
  return [
    ...(usage ? [{ type: 'usage', usage } as const] : NOTHING),
    { type: 'finish', finishReason: cut ? 'length' : 'stop' },
    { type: 'end', complete: true },
  ]
}
