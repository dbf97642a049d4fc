import type { ProviderData, ToolCall } from './result.ts'

/** Wire fields that are sent as they are, beside the typed ones (for example `cache_control`). */
export type Extra = Readonly<Record<string, unknown>>

/** Text. */
export interface TextPart {
  readonly type: 'text'
  /** May be empty. */
  readonly text: string
  /** Wire fields of this part. */
  readonly extra?: Extra | undefined
  /** What the provider must see again. */
  readonly providerData?: ProviderData | undefined
}

/** An image by `url`, or by `data`: bytes, or base64 text. */
export interface ImagePart {
  readonly type: 'image'
  /** Where the provider can fetch it; exactly one of `url` and `data` is given. */
  readonly url?: string | undefined
  /** Bytes, or base64 text. */
  readonly data?: Uint8Array | string | undefined
  /** Such as `image/png`. @defaultValue what the first bytes of `data` say; a TypeError where they say nothing */
  readonly mediaType?: string | undefined
  /** Wire fields of this part. */
  readonly extra?: Extra | undefined
}

/** A file by `url`, or by `data`: bytes, or base64 text. */
export interface FilePart {
  readonly type: 'file'
  /** Where the provider can fetch it, if its wire takes files so (OpenAI's does not); exactly one of `url` and `data` is given. */
  readonly url?: string | undefined
  /** Bytes, or base64 text. */
  readonly data?: Uint8Array | string | undefined
  /** Such as `application/pdf`. */
  readonly mediaType: string
  /** Shown to the model. */
  readonly name?: string | undefined
  /** Wire fields of this part. */
  readonly extra?: Extra | undefined
}

/** What a reasoning model thought; in an assistant's message only. */
export interface ReasoningPart {
  readonly type: 'reasoning'
  /** Empty where the provider shows a signature alone. */
  readonly text: string
  /** Wire fields of this part. */
  readonly extra?: Extra | undefined
  /** What the provider must see again, such as a signature. */
  readonly providerData?: ProviderData | undefined
}

/** A piece of a message, told apart by `type`. */
export type Part = TextPart | ImagePart | FilePart | ReasoningPart

/** Instructions (`system`, `developer`) and what the user says. */
export interface InputMessage {
  readonly role: 'system' | 'developer' | 'user'
  /** Text, or parts of type `text`, `image` and `file`. */
  readonly content: string | readonly Part[]
  /** Wire fields of this message. */
  readonly extra?: Extra | undefined
}

/** What the model said: `completion.message`, as it came, or one of your own. */
export interface AssistantMessage {
  readonly role: 'assistant'
  /** Text, or parts of type `text` and `reasoning`. */
  readonly content: string | readonly Part[]
  /** What the model asked for; each wants a `tool` message in answer. */
  readonly toolCalls?: readonly ToolCall[] | undefined
  /** Wire fields of this message. */
  readonly extra?: Extra | undefined
  /** What the provider must see again; goes only to the provider it came from. */
  readonly providerData?: ProviderData | undefined
}

/** The result of a tool call. */
export interface ToolMessage {
  readonly role: 'tool'
  /** The `id` of the tool call that this answers. */
  readonly toolCallId: string
  /** What the tool gave. */
  readonly content: string | readonly Part[]
  /** Wire fields of this message. */
  readonly extra?: Extra | undefined
}

/** A turn of the conversation, told apart by `role`. */
export type Message = InputMessage | AssistantMessage | ToolMessage
