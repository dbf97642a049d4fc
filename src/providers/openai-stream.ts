import { type JsonObject, list, object, parsed, text } from '../base/json.ts'
import type { ServerSentEvent, StreamPart } from '../vocabulary/provider.ts'
import { argumentsOf, BROKEN_PROBLEM, callId, failureIn } from './answer.ts'
import {
  callData,
  finishReason,
  hasMedia,
  isBroken,
  messageData,
  readContent,
  reasoningOf,
  usageOf,
} from './openai-parse.ts'
import { repeatedText, type Saying } from './repeated-text.ts'

/** A tool call being received. */
interface Slot {
  /** The server's own number for it, where it gives one. */
  readonly index: unknown
  readonly id: string | undefined
  named: boolean
}

const NOTHING: readonly StreamPart[] = []
const PING: readonly StreamPart[] = [{ type: 'ping' }]

/** Opens a reader for one streamed chat completion. Beside JSON.parse it does next to nothing for a chunk of plain text. */
export function chatReader(provider: string): (event: ServerSentEvent) => readonly StreamPart[] {
  let answerId: string | undefined
  let identified = false
  let begun = false
  let lastReason: string | undefined
  const slots: Slot[] = []
  const details: Record<string, unknown>[] = []
  const blocks: Record<string, unknown>[] = []
  /** The latest event held something that is told later. */
  let collected = false
  const repeated = repeatedText((json) => sayingOf(partsOf(json as JsonObject)))

  function toolCall(item: unknown, legacy: boolean): StreamPart | undefined {
    const call = object(item)
    const called = object(legacy ? call : call?.function)
    if (!call) return undefined
    // A tool whose input is no JSON; `complete` has no name for it, SDKs over `createFetch` do.
    if (!called) return withoutFunction(call)
    const id = legacy ? undefined : text(call.id)
    const name = text(called.name)
    let at = slotFor(slots, call.index, id, name)
    const opened = at < 0
    if (opened) at = slots.push({ index: call.index, id, named: false }) - 1
    const slot = slots[at] as Slot
    const part: StreamPart = {
      type: 'tool_call',
      index: at,
      id: opened ? (id ?? callId(answerId, at)) : undefined,
      // Some servers repeat the name with every piece.
      name: slot.named ? undefined : name,
      arguments: argumentsOf(called.arguments),
      providerData: callData(provider, call),
    }
    if (name) slot.named = true
    return part
  }

  function withoutFunction(call: JsonObject): StreamPart | undefined {
    if (text(object(call.custom)?.input)) return { type: 'other_content' }
    // Gemini's compatible endpoint may send a signature after its call.
    const providerData = callData(provider, call)
    return providerData && slots.length > 0
      ? { type: 'tool_call', index: slots.length - 1, arguments: '', providerData }
      : undefined
  }

  function partsOf(chunk: JsonObject): readonly StreamPart[] {
    collected = false
    const choice = object((chunk.choices as readonly unknown[] | undefined)?.[0])
    const reason = text(choice?.finish_reason)
    if (!choice || reason || chunk.error || choice.error || chunk.x_groq) {
      const failure = failureIn(chunk)
      if (failure !== undefined) return [{ type: 'error', error: failure }]
    }

    const parts: StreamPart[] = []
    if (!identified && (chunk.id || chunk.model)) {
      // Azure's first chunk has neither, and some servers send one of them late.
      answerId = text(chunk.id)
      const model = text(chunk.model)
      identified = answerId !== undefined && model !== undefined
      parts.push({ type: 'meta', id: answerId, model })
    }
    // Perplexity repeats the whole message beside each delta; an ending choice may come without a delta; and some gateways answer with
    // one event that has nothing but the whole message.
    const delta = object(choice?.delta) ?? (begun ? undefined : object(choice?.message))
    if (delta) {
      const thought = reasoningOf(delta)
      if (thought) parts.push({ type: 'reasoning', text: thought })
      const { content } = delta
      if (typeof content === 'string') {
        if (content) parts.push({ type: 'text', text: content })
      } else if (content) {
        const said = readContent(content)
        if (said.reasoning) parts.push({ type: 'reasoning', text: said.reasoning })
        if (said.text) parts.push({ type: 'text', text: said.text })
      }
      if (delta.refusal) parts.push({ type: 'refusal', text: text(delta.refusal) ?? '' })
      if (delta.tool_calls || delta.function_call) {
        const legacy = !delta.tool_calls
        for (const item of legacy ? [delta.function_call] : list(delta.tool_calls)) {
          const part = toolCall(item, legacy)
          if (part) parts.push(part)
        }
      }
      if (hasMedia(delta)) parts.push({ type: 'other_content' })
      if (delta.reasoning_details || delta.thinking_blocks) {
        collected = true
        collect(details, delta.reasoning_details)
        collect(blocks, delta.thinking_blocks)
      }
      if (!begun && parts.some((part) => part.type !== 'meta')) begun = true
    }
    if (isBroken(reason)) return [...parts, { type: 'malformed', problem: BROKEN_PROBLEM }]
    if (reason && reason !== lastReason) {
      lastReason = reason
      const providerData = messageData(provider, details, blocks)
      if (providerData) parts.push({ type: 'message_data', providerData })
      parts.push({ type: 'finish', finishReason: finishReason(reason) })
    }
    if (chunk.usage || chunk.x_groq || choice?.usage) {
      const usage = usageOf(chunk)
      if (usage) parts.push({ type: 'usage', usage })
    }
    return parts.length ? parts : NOTHING
  }

  return ({ event, data }) => {
    if (event === undefined) {
      const said = repeated.read(data)
      if (said) return [said]
    }
    // Exactly that and nothing like it: a cut or a foreign marker proves no completeness, where that has to be proven.
    if (data === '[DONE]' || (lastReason !== undefined && data.trim() === '[DONE]'))
      return [{ type: 'end', complete: begun || lastReason !== undefined }]
    const json = parsed(data)
    // By the specification no event at all; some gateways keep a connection awake so.
    if (data.trim() === '' && event !== 'error') return PING
    if (event === 'error') return [{ type: 'error', error: json ?? { error: { message: data } } }]
    if (typeof json !== 'object' || json === null)
      return [{ type: 'malformed', problem: 'an event of the stream is no JSON object' }]
    const parts = partsOf(json as JsonObject)
    const saying = sayingOf(parts)
    if (saying && !collected && event === undefined) repeated.learn(data, saying)
    return parts
  }
}

/** What an event says that is one piece of text and nothing else. */
function sayingOf(parts: readonly StreamPart[]): Saying | undefined {
  const [part] = parts
  return parts.length === 1 && (part?.type === 'text' || part?.type === 'reasoning') ? part : undefined
}

/**
 * Which call a piece belongs to; -1 opens one. By the server's number, unless a new id shows that it numbers every call 0 (Gemini's and
 * Ollama's compatible endpoints); without a number by id; without either a name opens a call and the rest continues the last one.
 */
function slotFor(slots: readonly Slot[], index: unknown, id: string | undefined, name: string | undefined): number {
  if (typeof index === 'number') {
    const known = slots.findLastIndex((slot) => slot.index === index && (!id || !name || !slot.id || slot.id === id))
    // Some relays count on while they send what belongs to the call before.
    return known < 0 && !id && !name ? slots.length - 1 : known
  }
  if (id) return slots.findIndex((slot) => slot.id === id)
  return name && slots.at(-1)?.named ? -1 : slots.length - 1
}

/** Signed thoughts come in pieces: text grows, everything else replaces. */
function collect(thoughts: Record<string, unknown>[], pieces: unknown): void {
  for (const piece of list(pieces)) {
    const found = object(piece)
    if (!found) continue
    const last = thoughts.at(-1)
    if (!last || !continues(last, found)) {
      thoughts.push({ ...found })
      continue
    }
    for (const [key, value] of Object.entries(found)) {
      const before = last[key]
      const grows = GROWING.has(key) && typeof value === 'string' && typeof before === 'string'
      if (value != null && value !== '') last[key] = grows ? before + value : value
    }
  }
}

const GROWING: ReadonlySet<string> = new Set(['text', 'summary', 'thinking'])
/** What is encrypted comes whole. */
const WHOLE: ReadonlySet<unknown> = new Set(['reasoning.encrypted', 'redacted_thinking'])

function continues(last: JsonObject, found: JsonObject): boolean {
  // Thinking blocks have no numbers, but a signature ends each.
  const ended = found.type === 'thinking' && Boolean(last.signature)
  return last.type === found.type && last.index === found.index && !WHOLE.has(found.type) && !ended
}
