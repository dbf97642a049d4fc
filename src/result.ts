import type { AssistantMessage } from './message.ts'
import type { Attempt } from './attempt-record.ts'

/** Why the model stopped, in one vocabulary for every provider. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'other'

/** Token counts as the provider reports them. `inputTokens` includes what was read from or written to a cache. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly reasoningTokens?: number | undefined
  readonly cachedInputTokens?: number | undefined
  readonly cacheWriteTokens?: number | undefined
}

/** A tool call that the model asks for. Nothing is executed by punctual. */
export interface ToolCall<Name extends string = string, Input = unknown> {
  readonly id: string
  /** A name that no tool of the request has is possible, where the model makes one up: then there are `issues`. */
  readonly name: Name
  /** The arguments exactly as the model wrote them; may be invalid JSON. */
  readonly arguments: string
  /** The arguments parsed, and validated where the tool has a schema; absent where they do not parse or validate. */
  readonly input?: Input | undefined
  /** Why `input` is absent or not to be trusted: they do not parse, do not validate, or no tool has that name. */
  readonly issues?: readonly Issue[] | undefined
  /** What the provider must see again in the next turn. */
  readonly providerData?: ProviderData | undefined
}

/** One reason why a value does not fit its schema (the shape of a Standard Schema issue). */
export interface Issue {
  readonly message: string
  readonly path?: readonly (string | number)[] | undefined
}

/** Opaque data that travels back to the provider it came from, keyed by that provider's name. Plain JSON. */
export type ProviderData = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A proven-complete answer. */
export interface Completion<Output = unknown, Call extends ToolCall = ToolCall> {
  readonly text: string
  readonly reasoning?: string | undefined
  readonly refusal?: string | undefined
  /** The answer as a message that may be put back into `messages` as it is. */
  readonly message: AssistantMessage
  readonly toolCalls: readonly Call[]
  readonly finishReason: FinishReason
  /** The answer as data, where the request has an `output`; undefined where the model called tools instead. */
  readonly output: Output
  readonly usage?: Usage | undefined
  readonly provider: string
  /** The model that answered, by its own account. */
  readonly model: string
  readonly requestedModel: string
  /** The provider's id of the answer. */
  readonly id: string | undefined
  readonly callId: string
  readonly metadata: Metadata
  readonly attempts: readonly Attempt[]
  /** Milliseconds from the call to its result. */
  readonly duration: number
  /** The provider's body, parsed. */
  readonly raw: unknown
  readonly response: CompletionResponse
}

export interface CompletionResponse {
  readonly status: number
  readonly headers: Headers
  readonly requestId: string | undefined
}

/** Labels of the caller's own; never sent. */
export type Metadata = Readonly<Record<string, string | number | boolean>>

/** What had been received when a call failed. */
export interface PartialAnswer {
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly usage: Usage | undefined
  /** Why the answer does not fit the request's `output`. */
  readonly issues?: readonly Issue[] | undefined
}
