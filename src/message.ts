import type { ProviderData, ToolCall } from './result.ts'

/** Wire fields that are sent as they are, beside the typed ones (for example `cache_control`). */
export type Extra = Readonly<Record<string, unknown>>

export interface TextPart {
  readonly type: 'text'
  readonly text: string
  readonly extra?: Extra | undefined
  readonly providerData?: ProviderData | undefined
}

/** An image by `url`, or by `data`: bytes, or base64 text. */
export interface ImagePart {
  readonly type: 'image'
  readonly url?: string | undefined
  readonly data?: Uint8Array | string | undefined
  readonly mediaType?: string | undefined
  readonly extra?: Extra | undefined
}

/** A file by `url`, or by `data`: bytes, or base64 text. */
export interface FilePart {
  readonly type: 'file'
  readonly url?: string | undefined
  readonly data?: Uint8Array | string | undefined
  readonly mediaType: string
  readonly name?: string | undefined
  readonly extra?: Extra | undefined
}

/** What a reasoning model thought; in an assistant's message only. */
export interface ReasoningPart {
  readonly type: 'reasoning'
  readonly text: string
  readonly extra?: Extra | undefined
  readonly providerData?: ProviderData | undefined
}

export type Part = TextPart | ImagePart | FilePart | ReasoningPart

/** Instructions (`system`, `developer`) and what the user says. */
export interface InputMessage {
  readonly role: 'system' | 'developer' | 'user'
  readonly content: string | readonly Part[]
  readonly extra?: Extra | undefined
}

export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: string | readonly Part[]
  readonly toolCalls?: readonly ToolCall[] | undefined
  readonly extra?: Extra | undefined
  readonly providerData?: ProviderData | undefined
}

export interface ToolMessage {
  readonly role: 'tool'
  readonly toolCallId: string
  readonly content: string | readonly Part[]
  readonly extra?: Extra | undefined
}

export type Message = InputMessage | AssistantMessage | ToolMessage
