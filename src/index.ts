import { bindCreateClient, type Client, type ClientDefaults, type Complete, type Stream } from './client.ts'
import { bindComplete, bindSetDefaultClient, bindStream } from './entry.ts'
import { openNodeTransports } from './transport/node.ts'

/**
 * Makes a client: defaults and connections that its calls share. It costs no connection until its first call, and keeps no process alive.
 *
 * @throws TypeError for defaults that cannot be meant
 */
export const createClient: (defaults?: ClientDefaults) => Client = /* @__PURE__ */ bindCreateClient(openNodeTransports)

/**
 * Makes one chat-completion call with the default client. Settles by its deadline, whatever the server, the network or a custom fetch
 * does: with an answer that is proven complete, or with one classified CompletionError.
 *
 * @param request WHAT is asked: `model` and `messages`, and what else the model is to know. A plain string is a model of OpenAI's.
 * @param options HOW the call behaves: `timeout`, `retry`, `signal`, …
 * @throws CompletionError for everything that can go wrong with a call; TypeError for a programmer's mistake, before any request.
 *
 * @example
 * const { text } = await complete(
 *   { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: 'Hello' }] },
 *   { timeout: { total: 30_000, attempt: 12_000 }, retry: 3 },
 * )
 */
export const complete: Complete = /* @__PURE__ */ bindComplete(createClient)

/**
 * Makes one streamed chat-completion call with the default client: an async iterable of events that cannot hang, and that never ends
 * quietly unless the answer is proven complete. It is retried until its first content, and never after.
 *
 * @throws TypeError for a programmer's mistake; whoever reads the stream gets a CompletionError for everything else.
 */
export const stream: Stream = /* @__PURE__ */ bindStream(createClient)

/**
 * Replaces the client behind the bare `complete` and `stream` (at first one with the provider `openai`), and returns the one before,
 * which is not closed.
 *
 * @throws TypeError where it is given no client
 */
export const setDefaultClient: (client: Client) => Client = /* @__PURE__ */ bindSetDefaultClient(createClient)

export type { Client, ClientDefaults, CloseOptions, Complete, ProviderLike, Stream } from './client.ts'
// What the exported providers are, and what they take.
export type { AnthropicSettings } from './providers/anthropic.ts'
export { anthropic } from './providers/anthropic.ts'
export type { AzureOpenAISettings } from './providers/azure.ts'
export { azureOpenAI } from './providers/azure.ts'
export type { GeminiSettings } from './providers/gemini.ts'
export { gemini } from './providers/gemini.ts'
export type { OpenAISettings } from './providers/openai.ts'
export { openai } from './providers/openai.ts'
export type { OpenAICompatibleSettings } from './providers/openai-compatible.ts'
export { openaiCompatible } from './providers/openai-compatible.ts'
export type { PresetSettings } from './providers/presets.ts'
export {
  cerebras,
  deepseek,
  fireworks,
  groq,
  huggingface,
  llamacpp,
  lmstudio,
  mistral,
  moonshot,
  ollama,
  openrouter,
  perplexity,
  qwen,
  together,
  vllm,
  xai,
  zhipu,
} from './providers/presets.ts'
export type { ProviderSettings } from './providers/settings.ts'
export type { EventsBody } from './stream/read-events.ts'
export { readEvents } from './stream/read-events.ts'
export type { StreamEvent } from './stream/stream-events.ts'
export type { CompletionStream, ReadableStreamOptions, StreamFormat } from './stream/stream-handle.ts'
export type { Attempt } from './vocabulary/attempt-record.ts'
// For those who write a provider or drive time in their tests.
export type { Clock } from './vocabulary/clock.ts'
export type {
  AnyCompletionError,
  Code,
  CompletionErrorInit,
  CompletionErrorJSON,
  ErrorResponse,
  StopReason,
  TimeoutPhase,
} from './vocabulary/errors.ts'
export { CompletionError, isCompletionError } from './vocabulary/errors.ts'
export type { CallEvent } from './vocabulary/events.ts'
export type { HeaderBag } from './vocabulary/header-bag.ts'
export type {
  AssistantMessage,
  Extra,
  FilePart,
  ImagePart,
  InputMessage,
  Message,
  Part,
  ReasoningPart,
  TextPart,
  ToolMessage,
} from './vocabulary/message.ts'
export type {
  DispatcherLike,
  Options,
  RetryContext,
  RetryDecision,
  RetryOptions,
  TimeoutOptions,
} from './vocabulary/options.ts'
export type {
  Answer,
  ApiKey,
  ApiKeyContext,
  AuthorizeContext,
  Model,
  ModelFactory,
  Parsed,
  Provider,
  ProviderFactory,
  ProviderFailure,
  ProviderRequest,
  ServerSentEvent,
  StreamPart,
  Verdict,
} from './vocabulary/provider.ts'
export type {
  OutputDefinition,
  OutputOf,
  OutputSpec,
  Request,
  ResolvedOutput,
  ResolvedRequest,
  ResolvedTool,
  Tool,
  ToolCallOf,
  ToolInput,
  ToolSet,
} from './vocabulary/request.ts'
export type {
  Completion,
  CompletionResponse,
  FinishReason,
  Issue,
  Metadata,
  PartialAnswer,
  ProviderData,
  ToolCall,
  Usage,
} from './vocabulary/result.ts'
export type {
  JsonSchema,
  SchemaOutput,
  SchemaWithJson,
  StandardJsonSchema,
  StandardSchema,
} from './vocabulary/standard-schema.ts'
