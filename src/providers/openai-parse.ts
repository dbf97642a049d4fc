import { count, type JsonObject, list, object, text } from '../base/json.ts'
import { YOUNG } from '../base/young.ts'
import type { Part } from '../vocabulary/message.ts'
import type { Answer, Parsed } from '../vocabulary/provider.ts'
import type { FinishReason, ProviderData, ToolCall, Usage } from '../vocabulary/result.ts'
import { argumentsOf, BROKEN_PROBLEM, callId, failureIn, translated } from './answer.ts'
import type { Dialect } from './dialect.ts'

/** OpenAI's reasons, then what compatible servers say beside them: TGI, Mistral, gateways that pass a vendor's word through. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  eos_token: 'stop',
  eos: 'stop',
  stop_sequence: 'stop',
  end_turn: 'stop',
  model_length: 'length',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  tool_call: 'tool_calls',
  guardrail_intervened: 'content_filter',
  prohibited_content: 'content_filter',
  recitation: 'content_filter',
  model_context_window_exceeded: 'length',
  safety: 'content_filter',
  refusal: 'content_filter',
  complete: 'stop',
  // Zhipu.
  sensitive: 'content_filter',
}

/** Gemini's compatible endpoint: the model wrote a call that the server could not read. */
const BROKEN = /^function_call_filter\b/

/** Reads the body of a chat completion. */
export function parseChat(provider: string, body: unknown, dialect: Dialect): Parsed {
  const failure = failureIn(body)
  if (failure !== undefined) return { kind: 'error', error: failure, partial: begun(body) }
  const json = object(body)
  if (!json) return incomplete('the body is no JSON object')
  const choice = object(list(json.choices)[0])
  if (!choice) return incomplete('the answer has no choices')
  const message = object(choice.message)
  if (!message) return incomplete('the answer has no message')
  const reason = text(choice.finish_reason)
  const toolCalls = calls(provider, message, text(json.id))
  const said = readContent(message.content)
  const reasoning = reasoningOf(message) + said.reasoning || undefined
  const answer: Answer = {
    ...YOUNG,
    text: said.text,
    reasoning,
    refusal: text(message.refusal),
    toolCalls,
    otherContent: hasMedia(message) || hasCustomCall(message) || hasOtherPart(message) || undefined,
    finishReason: finishReason(reason),
    usage: usageOf(json),
    id: text(json.id),
    model: text(json.model),
    parts: reasoning ? partsOf(reasoning, said.text) : undefined,
    providerData: messageData(provider, message.reasoning_details, message.thinking_blocks),
  }
  if (!reason && !dialect.noFinishReason) {
    return { kind: 'incomplete', problem: 'the answer has no finish reason', partial: answer }
  }
  if (isBroken(reason)) return { kind: 'incomplete', problem: BROKEN_PROBLEM, partial: answer }
  return { ...YOUNG, kind: 'answer', answer }
}

/** OpenRouter puts what had been written before a failure beside it. */
function begun(body: unknown): Partial<Answer> | undefined {
  const message = object(object(list(object(body)?.choices)[0])?.message)
  if (!message) return undefined
  const said = readContent(message.content).text
  const reasoning = reasoningOf(message)
  return said || reasoning ? { text: said, reasoning } : undefined
}

export const isBroken = (reason: string | undefined): boolean => reason !== undefined && BROKEN.test(reason)

function incomplete(problem: string): Parsed {
  return { kind: 'incomplete', problem }
}

export function finishReason(raw: string | undefined): FinishReason {
  // Gemini's compatible endpoint says which filter behind it; Gemini's and Cohere's own words are in capitals.
  return raw?.startsWith('content_filter') ? 'content_filter' : translated(FINISH_REASONS, raw?.toLowerCase())
}

/** `content` as a string, or as an array of parts (Mistral's reasoning models, some gateways). */
export function readContent(content: unknown): { text: string; reasoning: string } {
  if (typeof content === 'string') return { text: content, reasoning: '' }
  let said = ''
  let reasoning = ''
  for (const item of list(content)) {
    const part = object(item)
    if (part?.type === 'thinking') reasoning += text(part.thinking) ?? joinedText(part.thinking)
    else said += text(part?.text) ?? ''
  }
  return { text: said, reasoning }
}

/** Speech (OpenAI) and images (OpenRouter); the id that announces speech is none yet. */
export function hasMedia({ audio, images }: JsonObject): boolean {
  const spoken = object(audio)
  return Boolean(text(spoken?.data) || text(spoken?.transcript)) || list(images).length > 0
}

/** In `content` as an array. */
const PLAIN: ReadonlySet<unknown> = new Set([undefined, 'text', 'thinking', 'refusal'])
const hasOtherPart = ({ content }: JsonObject): boolean => list(content).some((part) => !PLAIN.has(object(part)?.type))

const hasCustomCall = ({ tool_calls: made }: JsonObject): boolean => list(made).some((call) => object(call)?.custom)

function joinedText(parts: unknown): string {
  let joined = ''
  for (const part of list(parts)) joined += text(object(part)?.text) ?? ''
  return joined
}

/**
 * DeepSeek, xAI and vLLM say `reasoning_content`; Groq, OpenRouter and Ollama say `reasoning`; some say both. MiniMax may say it in
 * `reasoning_details` alone (platform.minimax.io, `reasoning_split`).
 */
export function reasoningOf({ reasoning_content: own, reasoning, reasoning_details: details }: JsonObject): string {
  return text(own) ?? text(reasoning) ?? (details ? joinedText(details) : '')
}

function partsOf(reasoning: string, said: string): Part[] {
  const found: Part[] = [{ type: 'reasoning', text: reasoning }]
  if (said) found.push({ type: 'text', text: said })
  return found
}

/** Thoughts that hold signatures go back as they came: OpenRouter's reasoning details, the thinking blocks of LiteLLM and TrueFoundry. */
export function messageData(provider: string, details: unknown, blocks: unknown): ProviderData | undefined {
  const signed = {
    ...(list(details).length > 0 && { reasoning_details: details }),
    ...(list(blocks).length > 0 && { thinking_blocks: blocks }),
  }
  return Object.keys(signed).length > 0 ? { [provider]: signed } : undefined
}

const NO_CALLS: readonly ToolCall[] = []

function calls(provider: string, message: JsonObject, id: string | undefined): ToolCall[] {
  const found = NO_CALLS.slice()
  const raw = list(message.tool_calls)
  for (const item of raw.length ? raw : message.function_call ? [{ function: message.function_call }] : []) {
    const call = object(item)
    const called = object(call?.function)
    if (!called) continue
    found.push({
      id: text(call?.id) ?? callId(id, found.length),
      name: text(called.name) ?? '',
      arguments: argumentsOf(called.arguments),
      providerData: callData(provider, call),
    })
  }
  return found
}

/** What a call must carry back beside its own fields: Gemini's thought signature, behind its compatible endpoint and OpenRouter. */
export function callData(provider: string, call: JsonObject | undefined): ProviderData | undefined {
  return object(call?.extra_content) && { [provider]: { extra_content: call?.extra_content } }
}

/** Usage of a body or a chunk; Groq also puts it under `x_groq`, Moonshot into the choice. */
export function usageOf(json: JsonObject): Usage | undefined {
  const usage = object(json.usage) ?? object(object(json.x_groq)?.usage) ?? object(object(list(json.choices)[0])?.usage)
  if (!usage) return undefined
  const inputTokens = count(usage.prompt_tokens) ?? count(usage.input_tokens) ?? 0
  const outputTokens = count(usage.completion_tokens) ?? count(usage.output_tokens) ?? 0
  const input = object(usage.prompt_tokens_details)
  return {
    ...YOUNG,
    inputTokens,
    outputTokens,
    // xAI counts reasoning into the total only, so the sum is no substitute for what is reported.
    totalTokens: count(usage.total_tokens) ?? inputTokens + outputTokens,
    // Perplexity and SGLang keep them beside the sums; so do Moonshot, DeepSeek and LiteLLM with what the cache has saved.
    reasoningTokens: count(object(usage.completion_tokens_details)?.reasoning_tokens) ?? count(usage.reasoning_tokens),
    cachedInputTokens:
      count(input?.cached_tokens) ?? count(usage.cached_tokens) ?? count(usage.prompt_cache_hit_tokens),
    cacheWriteTokens: count(input?.cache_write_tokens) ?? count(usage.cache_creation_input_tokens),
  }
}
