import type { Code } from './errors.ts'
import type { FinishReason, ProviderData, ToolCall, Usage } from './result.ts'
import type { Part } from './message.ts'
import type { ResolvedRequest } from './request.ts'
import type { HeaderBag } from './transport/transport.ts'

/** A key, or a function that is asked for one at every attempt and once more after a 401. */
export type ApiKey = string | ((context: ApiKeyContext) => string | Promise<string>)

export interface ApiKeyContext {
  /** Aborts when the call ends. */
  readonly signal: AbortSignal
  /** The provider's name. */
  readonly provider: string
}

/** A model of a provider: plain data, free to create. */
export interface Model {
  readonly id: string
  readonly provider: Provider
}

/** Makes models of one provider from their ids: what `createClient({ provider })` takes. */
export interface ModelFactory {
  (id: string): Model
}

/**
 * A provider as it is exported. `openai('id')` is a model of the provider that the environment configures; `openai(settings)` makes
 * models of a provider that has those settings.
 */
export interface ProviderFactory<Settings> {
  (id: string): Model
  (settings: Settings): ModelFactory
}

/** An HTTP POST as a provider wants it; credentials are added by `authorize`. */
export interface ProviderRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface AuthorizeContext {
  /** Aborts when the call ends. */
  readonly signal: AbortSignal
  /** The call's own `apiKey` option, already asked if it is a function; it outranks the provider's. */
  readonly apiKey: string | undefined
  /** True after a 401: the headers given before were refused. Return undefined where nothing newer can be had. */
  readonly rejected: boolean
}

/** What a provider's body says, in the provider-neutral vocabulary. */
export interface Answer {
  readonly text: string
  readonly reasoning?: string | undefined
  readonly refusal?: string | undefined
  readonly toolCalls: readonly ToolCall[]
  readonly finishReason: FinishReason
  readonly usage?: Usage | undefined
  readonly id?: string | undefined
  readonly model?: string | undefined
  /** The message's parts in the provider's order, where plain `text` does not say all of it (reasoning, signatures). */
  readonly parts?: readonly Part[] | undefined
  readonly providerData?: ProviderData | undefined
}

/** One event of a text/event-stream body. */
export interface ServerSentEvent {
  /** The `event:` field; undefined where there was none. */
  readonly event: string | undefined
  /** The `data:` lines, joined by LF. */
  readonly data: string
}

/** A piece of a streamed answer. */
export type StreamPart =
  | { readonly type: 'text'; readonly text: string; readonly providerData?: ProviderData | undefined }
  | { readonly type: 'reasoning'; readonly text: string; readonly providerData?: ProviderData | undefined }
  | { readonly type: 'refusal'; readonly text: string }
  /** A piece of the tool call number `index`; `arguments` is to be appended. */
  | {
      readonly type: 'tool_call'
      readonly index: number
      readonly id?: string | undefined
      readonly name?: string | undefined
      readonly arguments: string
      readonly providerData?: ProviderData | undefined
    }
  /** Replaces what was known of the usage. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly finishReason: FinishReason }
  | { readonly type: 'meta'; readonly id?: string | undefined; readonly model?: string | undefined }
  /** Replaces the message's own provider data. */
  | { readonly type: 'message_data'; readonly providerData: ProviderData }
  /** A new part of the message begins, although the one before has the same type. */
  | { readonly type: 'part_boundary' }
  /** The provider is alive but has no content. */
  | { readonly type: 'ping' }
  /** The provider reports a failure inside the stream: the error object, as JSON. */
  | { readonly type: 'error'; readonly error: unknown }
  /** The event cannot be read; `problem` says why without quoting it. */
  | { readonly type: 'malformed'; readonly problem: string }
  /** The provider's own end marker; what follows is ignored. `complete`: it proves completeness without a finish reason. */
  | { readonly type: 'end'; readonly complete: boolean }

/** The outcome of reading a 200 body. */
export type Parsed =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The body carries an error object in place of an answer. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** The body is JSON but no complete answer; `problem` says what is missing, without quoting the answer. */
  | { readonly kind: 'incomplete'; readonly problem: string; readonly partial?: Partial<Answer> | undefined }

/** A failure as the provider expressed it. */
export interface ProviderFailure {
  /** The HTTP status; 200 for an error inside a good response. */
  readonly status: number
  readonly headers: HeaderBag
  /** The body's text, at most 64 KiB of it. */
  readonly body: string
  /** The body as JSON, undefined where it is none; for an error inside a stream the event's data. */
  readonly json: unknown
  /** True where the failure arrived inside a 200 response. */
  readonly inBand: boolean
}

/** What a failure means. */
export interface Verdict {
  readonly code: Code
  readonly retryable: boolean
}

/**
 * A wire format and its endpoint, as pure functions. Nothing here does I/O except `authorize`.
 */
export interface Provider {
  /** Appears on completions, errors and events. */
  readonly name: string
  /** Builds the request. May throw a CompletionError or a TypeError for what cannot be expressed. */
  prepare(request: ResolvedRequest): ProviderRequest
  /** Reads a JSON body. Total: never throws. */
  parse(body: unknown): Parsed
  /** Opens a reader for one streamed answer: a function from an event to what it says. Never throws. */
  streamReader?(): (event: ServerSentEvent) => readonly StreamPart[]
  /** Says what a failure means; undefined leaves it to the generic rules. */
  readonly classify?: ((failure: ProviderFailure) => Verdict | undefined) | undefined
  /**
   * The headers that carry the credential. Called for every attempt and, with `rejected`, once more after a 401.
   * Every value returned is treated as a secret.
   */
  authorize?(
    request: ProviderRequest,
    context: AuthorizeContext,
  ): Readonly<Record<string, string>> | undefined | Promise<Readonly<Record<string, string>> | undefined>
}
