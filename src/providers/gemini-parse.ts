import { count, type JsonObject, list, object, parsed, text } from '../base/json.ts'
import type { Part } from '../vocabulary/message.ts'
import type { Parsed, ProviderFailure, ServerSentEvent, StreamPart, Verdict } from '../vocabulary/provider.ts'
import type { FinishReason, ProviderData, ToolCall, Usage } from '../vocabulary/result.ts'
import { argumentsOf, BROKEN_PROBLEM, callId, failureIn, translated } from './answer.ts'
import { readOtherWords } from './other-words.ts'

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  BLOCKLIST: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
}

/** Ends after which the answer is of no use: the model wrote a call that the server could not read. */
const BROKEN = /^(?:MALFORMED|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE)/

/** What one body or one streamed chunk holds. */
interface Reading {
  readonly parts: readonly (Part | ToolCall)[]
  readonly reason: string | undefined
  readonly usage: Usage | undefined
  readonly id: string | undefined
  readonly model: string | undefined
}

/** Reads the body of generateContent. */
export function parseContent(provider: string, body: unknown): Parsed {
  const failure =
    refusalIn(body) ??
    list(body)
      .map(refusalIn)
      .find((refusal) => refusal !== undefined)
  if (failure !== undefined) return { kind: 'error', error: failure }
  const json = Array.isArray(body) ? whole(body) : object(body)
  if (!json || !object(list(json.candidates)[0])) return { kind: 'incomplete', problem: 'the answer has no candidates' }
  const { reason, usage, id, model, parts: read } = reading(provider, json, 0)
  const parts: Part[] = []
  const toolCalls: ToolCall[] = []
  let said = ''
  let reasoning = ''
  for (const part of read) {
    if ('name' in part && 'arguments' in part) toolCalls.push(part)
    else {
      parts.push(part)
      if (part.type === 'text') said += part.text
      else if (part.type === 'reasoning') reasoning += part.text
    }
  }
  const answer = {
    text: said,
    reasoning: reasoning || undefined,
    toolCalls,
    otherContent: parts.some((part) => isOther(provider, part)) || undefined,
    finishReason: finishReason(reason, toolCalls.length > 0),
    usage,
    id,
    model,
    parts: parts.some((part) => part.type !== 'text' || part.providerData) ? parts : undefined,
  }
  if (!reason) return { kind: 'incomplete', problem: 'the answer has no finish reason', partial: answer }
  if (BROKEN.test(reason)) return { kind: 'incomplete', problem: BROKEN_PROBLEM, partial: answer }
  return { kind: 'answer', answer }
}

/** A proxy that drops `alt=sse` sends the stream's chunks as one array. */
function whole(chunks: readonly unknown[]): JsonObject {
  const last: Record<string, unknown> = {}
  const candidate: Record<string, unknown> = {}
  const parts: unknown[] = []
  for (const chunk of chunks) {
    Object.assign(last, object(chunk))
    const piece = object(list(object(chunk)?.candidates)[0])
    Object.assign(candidate, piece)
    parts.push(...list(object(piece?.content)?.parts))
  }
  return { ...last, candidates: [{ ...candidate, content: { parts } }] }
}

/** An error object, or a prompt that was refused: the latter has its reason and no candidates. */
function refusalIn(value: unknown): unknown {
  const failure = failureIn(value)
  if (failure !== undefined) return failure
  const json = object(value)
  return object(json?.promptFeedback)?.blockReason && !list(json?.candidates).length ? json : undefined
}

/** What a failure means: a prompt that was refused comes back as a 200 with its reason and no answer. */
export function readRefusal(failure: ProviderFailure): Verdict | undefined {
  return failure.inBand && object(object(failure.json)?.promptFeedback)
    ? { code: 'content_filter', retryable: false }
    : readOtherWords(failure)
}

/** A turn that ends in calls ends with STOP like any other. */
function finishReason(raw: string | undefined, called: boolean): FinishReason {
  return raw === 'STOP' && called ? 'tool_calls' : translated(FINISH_REASONS, raw)
}

function reading(provider: string, json: JsonObject, calls: number): Reading {
  const candidate = object(list(json.candidates)[0])
  const id = text(json.responseId)
  const parts: (Part | ToolCall)[] = []
  let index = calls
  for (const item of list(object(candidate?.content)?.parts)) {
    const part = object(item)
    if (!part) continue
    const signature = text(part.thoughtSignature)
    const call = object(part.functionCall)
    if (call) {
      const own = { ...(signature && { thoughtSignature: signature }), ...(text(call.id) && { id: call.id }) }
      parts.push({
        id: text(call.id) ?? callId(id, index),
        name: text(call.name) ?? '',
        arguments: argumentsOf(call.args ?? {}),
        providerData: Object.keys(own).length ? { [provider]: own } : undefined,
      })
      index++
    } else if (typeof part.text === 'string') {
      const providerData: ProviderData | undefined = signature
        ? { [provider]: { thoughtSignature: signature } }
        : undefined
      parts.push({ type: part.thought ? 'reasoning' : 'text', text: part.text, providerData })
      // Executed code, its result, a generated image: sent back as it came.
    } else parts.push({ type: 'text', text: '', providerData: { [provider]: { part } } })
  }
  return {
    parts,
    reason: text(candidate?.finishReason),
    usage: usageOf(object(json.usageMetadata)),
    id,
    model: text(json.modelVersion),
  }
}

/** Executed code, a generated image. */
const isOther = (provider: string, part: Part): boolean =>
  'providerData' in part && part.providerData?.[provider]?.part !== undefined

/** Thoughts are counted apart from the candidates' tokens. */
function usageOf(usage: JsonObject | undefined): Usage | undefined {
  if (!usage) return undefined
  const inputTokens = (count(usage.promptTokenCount) ?? 0) + (count(usage.toolUsePromptTokenCount) ?? 0)
  const reasoningTokens = count(usage.thoughtsTokenCount)
  const outputTokens = (count(usage.candidatesTokenCount) ?? 0) + (reasoningTokens ?? 0)
  return {
    inputTokens,
    outputTokens,
    totalTokens: count(usage.totalTokenCount) ?? inputTokens + outputTokens,
    reasoningTokens,
    cachedInputTokens: count(usage.cachedContentTokenCount),
    cacheWriteTokens: undefined,
  }
}

/** Opens a reader for one streamed answer. The wire has no end marker: its last finish reason is the end. */
export function contentReader(provider: string): (event: ServerSentEvent) => readonly StreamPart[] {
  let calls = 0
  let identified = false
  let signed = false
  return ({ data }) => {
    // By the specification no event at all; some gateways keep a connection awake so.
    if (data.trim() === '') return [{ type: 'ping' }]
    const value = parsed(data)
    const failure = refusalIn(value)
    if (failure !== undefined) return [{ type: 'error', error: failure }]
    const json = object(value)
    if (!json) return [{ type: 'malformed', problem: 'an event of the stream is no JSON object' }]
    const read = reading(provider, json, calls)
    const parts: StreamPart[] = []
    if (!identified && (read.id ?? read.model)) {
      identified = read.id !== undefined && read.model !== undefined
      parts.push({ type: 'meta', id: read.id, model: read.model })
    }
    for (const part of read.parts) {
      if ('name' in part && 'arguments' in part) {
        const { id, name, arguments: written, providerData } = part
        parts.push({ type: 'tool_call', index: calls++, id, name, arguments: written, providerData })
      } else if (part.type === 'text' || part.type === 'reasoning') {
        const { type, text: said, providerData } = part
        if (!said && !providerData) continue
        if (isOther(provider, part)) parts.push({ type: 'other_content' })
        // A signature belongs to its own part: neither what came before nor what comes after may join it.
        if (providerData || signed) parts.push({ type: 'part_boundary' })
        signed = providerData !== undefined
        parts.push(providerData ? { type, text: said, providerData } : { type, text: said })
      }
    }
    if (read.usage) parts.push({ type: 'usage', usage: read.usage })
    if (read.reason) {
      if (BROKEN.test(read.reason)) parts.push({ type: 'malformed', problem: BROKEN_PROBLEM })
      else parts.push({ type: 'finish', finishReason: finishReason(read.reason, calls > 0) })
    }
    return parts
  }
}
