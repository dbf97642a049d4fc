import type { Code } from './errors.ts'
import type { HeaderBag } from './header-bag.ts'
import type { Part } from './message.ts'
import type { ResolvedRequest } from './request.ts'
import type { FinishReason, ProviderData, ToolCall, Usage } from './result.ts'

/** A key, or a function that is asked for one at every attempt and once more after a 401. */
export type ApiKey = string | ((context: ApiKeyContext) => string | Promise<string>)

/** What a function that gives a key is told. */
export interface ApiKeyContext {
  /** Aborts when the call ends. */
  readonly signal: AbortSignal
  /** The provider's name. */
  readonly provider: string
}

/** A model of a provider: plain data, free to create. */
export interface Model {
  /** As the provider calls it. */
  readonly id: string
  /** How it is asked. */
  readonly provider: Provider
}

/** Makes models of one provider from their ids: what `createClient({ provider })` takes. */
export interface ModelFactory {
  /** The model of that id. @throws TypeError where the id is empty */
  (id: string): Model
}

/**
 * A provider as it is exported. `openai('id')` is a model of the provider that the environment configures, whose key and URL are read
 * when a call is made; `openai(settings)` makes models of a provider that has those settings, and what they leave out comes from the
 * environment. Either throws a TypeError for what cannot work. (Its signatures have no words of their own: an editor would show them in
 * place of the provider's.)
 */
export interface ProviderFactory<Settings> {
  (id: string): Model
  (settings: Settings): ModelFactory
}

/** An HTTP POST as a provider wants it; credentials are added by `authorize`. */
export interface ProviderRequest {
  /** Absolute. A secret in its query is kept out of errors where its name says that it is one. */
  readonly url: string
  /** In any case; `content-type: application/json` is there unless it is given. A call's own headers go over them. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON, as text. */
  readonly body: string
}

/** What an `authorize` is told beside the request. */
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
  /** Empty where the model only called tools or refused. */
  readonly text: string
  /** What the model thought, where the wire shows it. */
  readonly reasoning?: string | undefined
  /** Why the model refused, in its own words. */
  readonly refusal?: string | undefined
  /** With their `arguments` as the model wrote them; they are parsed and validated by punctual. Empty where there are none. */
  readonly toolCalls: readonly ToolCall[]
  /** Whether it holds something that has no text: speech, images, what a server's own tool gave. An answer without anything is none. */
  readonly otherContent?: true | undefined
  /** Why the model stopped; without such a reason the answer is not complete. */
  readonly finishReason: FinishReason
  /** Token counts, where the wire has them. */
  readonly usage?: Usage | undefined
  /** The provider's id of the answer. */
  readonly id?: string | undefined
  /** The model that answered. @defaultValue the one that was asked for */
  readonly model?: string | undefined
  /** The message's parts in the provider's order, where plain `text` does not say all of it (reasoning, signatures). */
  readonly parts?: readonly Part[] | undefined
  /** What this provider must see again with the message, under its own name. */
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
  /** A piece of the tool call number `index`; `arguments` is to be appended. An empty `id` says that the provider gives none. */
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
  /** Content that is told in no words: audio, an image, what a server's own tool is asked. Like all content it shows that the model works. */
  | { readonly type: 'other_content' }
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
  /** The body carries an error object in place of an answer, or after the beginning of one. */
  | { readonly kind: 'error'; readonly error: unknown; readonly partial?: Partial<Answer> | undefined }
  /** The body is JSON but no complete answer; `problem` says what is missing, without quoting the answer. */
  | { readonly kind: 'incomplete'; readonly problem: string; readonly partial?: Partial<Answer> | undefined }

/** A failure as the provider expressed it. */
export interface ProviderFailure {
  /** The HTTP status; 200 for an error inside a good response. */
  readonly status: number
  /** Names in lower case. */
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
  /** The error's code. */
  readonly code: Code
  /** Whether the same request may succeed when it is sent again. The server's `x-should-retry` still has its say. */
  readonly retryable: boolean
}

/**
 * A wire format and its endpoint, as pure functions: the same arguments give the same result, and nothing here does I/O except
 * `authorize`. `name`, `prepare` and `parse` make a provider.
 *
 * What `parse` or a stream reader throws although it must not is the call's `invalid_response`, not retried, with what was thrown as
 * its `cause`.
 *
 * @example
 * const echo: Provider = {
 *   name: 'echo',
 *   prepare: ({ model, messages }) => ({
 *     url: 'https://echo.example.com/ask',
 *     headers: {},
 *     body: JSON.stringify({ model, messages }),
 *   }),
 *   parse: (body) => {
 *     const { text } = (body ?? {}) as { text?: unknown }
 *     return typeof text === 'string'
 *       ? { kind: 'answer', answer: { text, toolCalls: [], finishReason: 'stop' } }
 *       : { kind: 'incomplete', problem: 'the answer has no text' }
 *   },
 * }
 * const client = createClient({ provider: echo, model: 'any' })
 */
export interface Provider {
  /** Appears on completions, errors and events; the key of its own data in `providerData`. */
  readonly name: string
  /**
   * Builds the request, without its credential. Called when a call is made, and again where the model is told why its answer did not
   * validate. A TypeError thrown here is a programmer's mistake, and the call rejects with it; a CompletionError is the call's failure.
   */
  prepare(request: ResolvedRequest): ProviderRequest
  /**
   * Reads the JSON body of a 2xx response, whatever it is: not only an object. Never throws. An answer is one only where it is proven
   * complete: a body without its finish reason is `incomplete`. Also called with what could be mended of a body that was cut.
   */
  parse(body: unknown): Parsed
  /**
   * Opens a reader for one streamed answer: a function that is called with its events in order and says what each means, an empty
   * array where that is nothing. It may keep state between them. Never throws. Without it the provider cannot stream.
   */
  streamReader?(): (event: ServerSentEvent) => readonly StreamPart[]
  /** Says what a failure means; undefined leaves it to the generic rules, and so does whatever it throws. */
  readonly classify?: ((failure: ProviderFailure) => Verdict | undefined) | undefined
  /**
   * The headers that carry the credential; they go over those of `prepare`. Called for every attempt, within the call's deadline, and,
   * with `rejected`, once more after a 401; not called where the caller has set such a header. Every value returned is treated as a
   * secret. What it throws fails the call with code `authentication`, a CompletionError with its own.
   */
  authorize?(
    request: ProviderRequest,
    context: AuthorizeContext,
  ): Readonly<Record<string, string>> | undefined | Promise<Readonly<Record<string, string>> | undefined>
}

/** What of a provider reads its answers and classifies its failures: all that is wanted of one whose request somebody else has written. */
export type AnswerReader = Omit<Provider, 'prepare' | 'authorize'>
