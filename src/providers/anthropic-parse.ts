import { count, type JsonObject, object, parsed, text, written } from '../base/json.ts'
import type { Part } from '../vocabulary/message.ts'
import type { Parsed, ServerSentEvent, StreamPart } from '../vocabulary/provider.ts'
import type { FinishReason, ToolCall, Usage } from '../vocabulary/result.ts'
import { failureIn, translated } from './answer.ts'
import { repeatedText, type Saying } from './repeated-text.ts'

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

/** Reads the body of a message. */
export function parseMessage(provider: string, body: unknown): Parsed {
  const failure = failureIn(body)
  const json = object(body)
  if (failure !== undefined) return { kind: 'error', error: failure }
  if (!Array.isArray(json?.content)) return { kind: 'incomplete', problem: 'the answer has no content' }
  const parts: Part[] = []
  const toolCalls: ToolCall[] = []
  let otherContent: true | undefined
  for (const item of json.content) {
    const block = object(item)
    if (!block) continue
    if (block.type === 'tool_use') {
      toolCalls.push({
        id: text(block.id) ?? '',
        name: text(block.name) ?? '',
        arguments: written(block.input ?? {}),
      })
    } else parts.push(partOf(provider, block))
    if (!PLAIN.has(block.type)) otherContent = true
  }
  const reason = text(json.stop_reason)
  const answer = {
    text: joined(parts, 'text'),
    reasoning: joined(parts, 'reasoning') || undefined,
    toolCalls,
    otherContent,
    finishReason: finishReason(reason),
    usage: usageOf(object(json.usage)),
    id: text(json.id),
    model: text(json.model),
    parts: parts.length === 1 && parts[0]?.type === 'text' ? undefined : parts,
  }
  if (!reason) return { kind: 'incomplete', problem: 'the answer has no stop reason', partial: answer }
  return { kind: 'answer', answer }
}

/** Blocks that hold nothing but what the answer's other members say, or what is hidden. */
const PLAIN: ReadonlySet<unknown> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])

function joined(parts: readonly Part[], type: Part['type']): string {
  return parts.map((part) => (part.type === type ? (part as { text: string }).text : '')).join('')
}

function finishReason(raw: string | undefined): FinishReason {
  return translated(FINISH_REASONS, raw)
}

/** A content block as a part. What has no words of its own (redacted thinking, server tools) travels whole, to be sent back as it is. */
function partOf(provider: string, block: JsonObject): Part {
  if (block.type === 'text') return { type: 'text', text: text(block.text) ?? '' }
  if (block.type === 'thinking') {
    return {
      type: 'reasoning',
      text: text(block.thinking) ?? '',
      providerData: { [provider]: { signature: block.signature } },
    }
  }
  return { type: 'reasoning', text: '', providerData: { [provider]: { block } } }
}

/** `input_tokens` leaves out what the cache was read for and written with. */
function usageOf(usage: JsonObject | undefined): Usage | undefined {
  if (!usage) return undefined
  const cachedInputTokens = count(usage.cache_read_input_tokens)
  const cacheWriteTokens = count(usage.cache_creation_input_tokens)
  const inputTokens = (count(usage.input_tokens) ?? 0) + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0)
  const outputTokens = count(usage.output_tokens) ?? 0
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    reasoningTokens: count(object(usage.output_tokens_details)?.thinking_tokens),
    cachedInputTokens,
    cacheWriteTokens,
  }
}

const NOTHING: readonly StreamPart[] = []
const PING: readonly StreamPart[] = [{ type: 'ping' }]
const OTHER_CONTENT: readonly StreamPart[] = [{ type: 'other_content' }]

/** The piece of text that a delta is, of whichever kind. */
function sayingOf(delta: JsonObject | undefined): Saying | undefined {
  const said = text(delta?.text)
  if (said) return { type: 'text', text: said }
  const thought = text(delta?.thinking)
  return thought ? { type: 'reasoning', text: thought } : undefined
}

/** Opens a reader for one streamed message. */
export function messageReader(provider: string): (event: ServerSentEvent) => readonly StreamPart[] {
  /** Which tool call each content block is: the wire numbers blocks, we number calls. */
  const calls = new Map<unknown, number>()
  /** The block that travels whole, and what of its input has come piece by piece. */
  let kept: { readonly index: unknown; readonly block: JsonObject; input: string } | undefined
  let usage: JsonObject | undefined
  let begun = false

  const started = (block: JsonObject, index: unknown): readonly StreamPart[] => {
    const parts: StreamPart[] = []
    if (block.type === 'tool_use') {
      const at = calls.size
      calls.set(index, at)
      // Compatible servers may give the whole input here and no deltas.
      const whole = Object.keys(object(block.input) ?? {}).length > 0
      const input = whole ? written(block.input) : ''
      parts.push({ type: 'tool_call', index: at, id: text(block.id), name: text(block.name), arguments: input })
    } else {
      if (begun) parts.push({ type: 'part_boundary' })
      const {
        type,
        text: said,
        providerData,
      } = partOf(provider, block) as Extract<Part, { type: 'text' | 'reasoning' }>
      const whole = providerData?.[provider]?.block !== undefined
      if (whole) kept = { index, block, input: '' }
      if (!PLAIN.has(block.type)) parts.push({ type: 'other_content' })
      if (said || whole) parts.push({ type, text: said, ...(whole && { providerData }) })
    }
    begun = true
    return parts
  }

  const repeated = repeatedText((json) => {
    const event = json as JsonObject
    return event.type === 'content_block_delta' ? sayingOf(object(event.delta)) : undefined
  })

  return ({ event, data }) => {
    const said = repeated.read(data)
    if (said) return [said]
    const json = object(parsed(data))
    if (!json) {
      if (event === 'ping' || (data.trim() === '' && event !== 'error')) return PING
      return event === 'error'
        ? [{ type: 'error', error: { error: { message: data } } }]
        : [{ type: 'malformed', problem: 'an event of the stream is no JSON object' }]
    }
    switch (json.type ?? event) {
      case 'content_block_delta': {
        const delta = object(json.delta)
        const saying = sayingOf(delta)
        if (saying) {
          repeated.learn(data, saying)
          return [saying]
        }
        const piece = text(delta?.partial_json)
        const index = calls.get(json.index)
        if (piece && index !== undefined) return [{ type: 'tool_call', index, arguments: piece }]
        // Server tools' input has no call of ours.
        if (piece && kept && kept.index === json.index) {
          kept.input += piece
          return OTHER_CONTENT
        }
        const signature = text(delta?.signature)
        return signature ? [{ type: 'reasoning', text: '', providerData: { [provider]: { signature } } }] : NOTHING
      }
      case 'content_block_start':
        return started(object(json.content_block) ?? {}, json.index)
      case 'content_block_stop': {
        if (!kept?.input || kept.index !== json.index) return NOTHING
        const block = { ...kept.block, input: parsed(kept.input) }
        return [{ type: 'reasoning', text: '', providerData: { [provider]: { block } } }]
      }
      case 'ping':
        return PING
      case 'message_start': {
        const message = object(json.message)
        const parts: StreamPart[] = [{ type: 'meta', id: text(message?.id), model: text(message?.model) }]
        usage = object(message?.usage)
        const counted = usageOf(usage)
        if (counted) parts.push({ type: 'usage', usage: counted })
        return parts
      }
      case 'message_delta': {
        const parts: StreamPart[] = []
        const reason = text(object(json.delta)?.stop_reason)
        if (reason) parts.push({ type: 'finish', finishReason: finishReason(reason) })
        if (object(json.usage)) {
          // Cumulative, and it may correct what the start said of the input; null says nothing.
          const known = Object.entries(json.usage as JsonObject).filter(([, value]) => value !== null)
          usage = { ...usage, ...Object.fromEntries(known) }
          parts.push({ type: 'usage', usage: usageOf(usage) as Usage })
        }
        return parts
      }
      case 'message_stop':
        return [{ type: 'end', complete: begun }]
      case 'error':
        return [{ type: 'error', error: json }]
      default: {
        const failure = failureIn(json)
        return failure === undefined ? NOTHING : [{ type: 'error', error: failure }]
      }
    }
  }
}
