import type { Attempt } from './attempt-record.ts'
import type { AssistantMessage } from './message.ts'

/** Why the model stopped, in one vocabulary for every provider. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'other'

/** Token counts as the provider reports them. `inputTokens` includes what was read from or written to a cache. */
export interface Usage {
  /** Of the request. */
  readonly inputTokens: number
  /** Of the answer, reasoning included; xAI counts its reasoning into the total alone. */
  readonly outputTokens: number
  /** Input and output. */
  readonly totalTokens: number
  /** The part of the output that was thought and not said. */
  readonly reasoningTokens?: number | undefined
  /** The part of the input that was read from a cache. */
  readonly cachedInputTokens?: number | undefined
  /** The part of the input that was written to a cache. */
  readonly cacheWriteTokens?: number | undefined
}

/** A tool call that the model asks for. Nothing is executed by punctual. */
export interface ToolCall<Name extends string = string, Input = unknown> {
  /** The provider's id of it, which the `tool` message repeats; one of our own where the provider gives none. */
  readonly id: string
  /** The tool's name; where the model makes one up, there are `issues`. */
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
  /** What is wrong, for a human. */
  readonly message: string
  /** Where, from the outermost key. */
  readonly path?: readonly (string | number)[] | undefined
}

/** Opaque data that travels back to the provider it came from, keyed by that provider's name. Plain JSON. */
export type ProviderData = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** A proven-complete answer. */
export interface Completion<Output = unknown, Call extends ToolCall = ToolCall> {
  /** The answer; empty where the model only called tools or refused. */
  readonly text: string
  /** What the model thought, where the provider shows it. */
  readonly reasoning?: string | undefined
  /** Why the model refused, in its own words. */
  readonly refusal?: string | undefined
  /** The answer as a message that may be put back into `messages` as it is. */
  readonly message: AssistantMessage
  /** The tool calls that the model asks for. */
  readonly toolCalls: readonly Call[]
  /** Why the model stopped. */
  readonly finishReason: FinishReason
  /** The answer as data, where the request has an `output`; undefined where the model called tools instead. */
  readonly output: Output
  /** Token counts, where the provider reports them. */
  readonly usage?: Usage | undefined
  /** The provider's name. */
  readonly provider: string
  /** The model that answered, by its own account. */
  readonly model: string
  /** The model that was asked for. */
  readonly requestedModel: string
  /** The provider's id of the answer. */
  readonly id: string | undefined
  /** The same on every event of the call, and on its error. */
  readonly callId: string
  /** The caller's labels. */
  readonly metadata: Metadata
  /** Every attempt, the successful one last. */
  readonly attempts: readonly Attempt[]
  /** Milliseconds from the call to its result. */
  readonly duration: number
  /** The provider's body, parsed; undefined where it came as a stream. */
  readonly raw: unknown
  /** The HTTP response that carried the answer. */
  readonly response: CompletionResponse
}

/** The HTTP response of a completion. */
export interface CompletionResponse {
  /** The HTTP status. */
  readonly status: number
  /** As the provider sent them. */
  readonly headers: Headers
  /** The provider's id of the request, for its support. */
  readonly requestId: string | undefined
}

/** Labels of the caller's own; never sent. */
export type Metadata = Readonly<Record<string, string | number | boolean>>

/** What had been received when a call failed. */
export interface PartialAnswer {
  /** As far as it had come; may be empty. */
  readonly text: string
  /** As far as it had come; may be empty. */
  readonly reasoning: string
  /** Those that had begun; their `arguments` may be cut. */
  readonly toolCalls: readonly ToolCall[]
  /** Where the provider had told it. */
  readonly usage: Usage | undefined
  /** Why the answer does not fit the request's `output`. */
  readonly issues?: readonly Issue[] | undefined
}
