import type { Part } from '../vocabulary/message.ts'
import type { Answer, StreamPart } from '../vocabulary/provider.ts'
import type { FinishReason, PartialAnswer, ProviderData, ToolCall, Usage } from '../vocabulary/result.ts'

/** What of a streamed answer has arrived. Memory grows with its text only. */
export interface Gathering {
  add(part: StreamPart): void
  /** As an answer; without a finish reason it says `other`: whether it is complete is the caller's to decide. */
  answer(): Answer
  partial(): PartialAnswer
}

interface GatheredPart extends Growing {
  readonly type: 'text' | 'reasoning'
  providerData?: ProviderData
}

/** A text that grows by many small pieces: `whole`, and then the first `count` of `latest`, an array that is filled again and again. */
interface Growing {
  whole: string
  readonly latest: string[]
  count: number
}

/** So many pieces are joined at a time. */
const MOST_PIECES = 256

/**
 * Appends a piece. By `+=` alone the engine would keep a tree of all the pieces, 32 bytes for a token of four, for as long as nobody
 * reads the text.
 */
function grow(text: Growing, piece: string): void {
  text.latest[text.count++] = piece
  if (text.count < MOST_PIECES) return
  text.whole = textOf(text)
  text.count = 0
}

const textOf = ({ whole, latest, count }: Growing): string => whole + latest.slice(0, count).join('')

type GatheredCall = { -readonly [Key in 'id' | 'name' | 'arguments' | 'providerData']: ToolCall[Key] }

/** Puts the parts of a stream together. */
export function gathering(): Gathering {
  const parts: GatheredPart[] = []
  const calls = new Map<number, GatheredCall>()
  let current: GatheredPart | undefined
  let refusal = ''
  let otherContent: true | undefined
  let finishReason: FinishReason = 'other'
  let usage: Usage | undefined
  let id: string | undefined
  let model: string | undefined
  let messageData: ProviderData | undefined

  const joined = (type: Part['type']): string => parts.map((part) => (part.type === type ? textOf(part) : '')).join('')
  // By their numbers, which a server may choose as it likes.
  const toolCalls = (): ToolCall[] => [...calls].toSorted(([one], [other]) => one - other).map(([, call]) => call)

  return {
    add(part) {
      switch (part.type) {
        case 'text':
        case 'reasoning':
          if (current?.type !== part.type) {
            current = { type: part.type, whole: '', latest: [], count: 0 }
            parts.push(current)
          }
          grow(current, part.text)
          if (part.providerData) current.providerData = merged(current.providerData, part.providerData)
          break
        case 'part_boundary':
          current = undefined
          break
        case 'tool_call': {
          const call = calls.get(part.index) ?? { id: '', name: '', arguments: '', providerData: undefined }
          calls.set(part.index, call)
          call.id ||= part.id ?? ''
          call.name ||= part.name ?? ''
          call.arguments += part.arguments
          if (part.providerData) call.providerData = merged(call.providerData, part.providerData)
          break
        }
        case 'refusal':
          refusal += part.text
          break
        case 'usage':
          usage = part.usage
          break
        case 'finish':
          finishReason = part.finishReason
          break
        case 'meta':
          id = part.id ?? id
          model = part.model ?? model
          break
        case 'message_data':
          messageData = part.providerData
          break
        case 'other_content':
          otherContent = true
          break
        // What these say is of the stream, not of the message.
        case 'ping':
        case 'error':
        case 'malformed':
        case 'end':
      }
    },
    answer() {
      const plain = parts.every((part) => part.type === 'text' && !part.providerData)
      return {
        text: joined('text'),
        reasoning: joined('reasoning') || undefined,
        refusal: refusal || undefined,
        toolCalls: toolCalls(),
        otherContent,
        finishReason,
        usage,
        id,
        model,
        parts: plain ? undefined : parts.map(partOf),
        providerData: messageData,
      }
    },
    partial: () => ({ text: joined('text'), reasoning: joined('reasoning'), toolCalls: toolCalls(), usage }),
  }
}

function partOf(part: GatheredPart): Part {
  const { type, providerData } = part
  const text = textOf(part)
  return providerData ? { type, text, providerData } : { type, text }
}

/** Later data goes over earlier data, each provider's own by its keys. */
function merged(one: ProviderData | undefined, other: ProviderData): ProviderData {
  const all: Record<string, Readonly<Record<string, unknown>>> = { ...one }
  for (const [provider, data] of Object.entries(other)) all[provider] = { ...all[provider], ...data }
  return all
}
