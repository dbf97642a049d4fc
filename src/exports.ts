// What every entry exports alike, whatever its runtime.

export { anthropic } from './providers/anthropic.ts'
export { azureOpenAI } from './providers/azure.ts'
export { gemini } from './providers/gemini.ts'
export { openai } from './providers/openai.ts'
export { openaiCompatible } from './providers/openai-compatible.ts'
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
export { readEvents } from './stream/read-events.ts'
export { CompletionError, isCompletionError } from './vocabulary/errors.ts'

// What a call takes and gives.

export type { Client, ClientDefaults, CloseOptions, Complete, ProviderLike, Stream } from './client.ts'
export type { EventsBody } from './stream/read-events.ts'
export type {
  FinishEvent,
  NextAttemptEvent,
  RawEvent,
  StreamEvent,
  TextEvent,
  ToolCallDeltaEvent,
  ToolCallEvent,
  UsageEvent,
} from './stream/stream-events.ts'
export type { CompletionStream, EncodedBytes, ReadableStreamOptions, StreamFormat } from './stream/stream-handle.ts'
export type { Attempt } from './vocabulary/attempt-record.ts'
export type {
  AnyCompletionError,
  Code,
  CompletionErrorInit,
  CompletionErrorJSON,
  ErrorResponse,
  StopReason,
  TimeoutPhase,
  WrittenError,
} from './vocabulary/errors.ts'
export type {
  AttemptEndEvent,
  AttemptStartEvent,
  CallEvent,
  EventBase,
  FailureEvent,
  FirstTokenEvent,
  PingEvent,
  RetryEvent,
  SuccessEvent,
} from './vocabulary/events.ts'
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
  FetchedLike,
  FetchLike,
  Options,
  RetryContext,
  RetryDecision,
  RetryOptions,
  TimeoutOptions,
} from './vocabulary/options.ts'
export type {
  NoTools,
  OutputDefinition,
  OutputOf,
  OutputSpec,
  Request,
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
  JsonSchemaInput,
  JsonSchemaObject,
  SchemaOutput,
  SchemaWithJson,
  StandardJsonSchema,
  StandardSchema,
} from './vocabulary/standard-schema.ts'

// What the exported providers are, and what they take.

export type { AnthropicSettings } from './providers/anthropic.ts'
export type { AzureOpenAISettings } from './providers/azure.ts'
export type { GeminiSettings } from './providers/gemini.ts'
export type { OpenAISettings } from './providers/openai.ts'
export type { OpenAICompatibleSettings } from './providers/openai-compatible.ts'
export type { PresetSettings } from './providers/presets.ts'
export type { ProviderSettings } from './providers/settings.ts'
export type { ModelFactory, ProviderFactory } from './vocabulary/provider.ts'

// For those who write a provider or drive time in their tests.

export type { Clock } from './vocabulary/clock.ts'
export type { HeaderBag } from './vocabulary/header-bag.ts'
export type {
  Answer,
  ApiKey,
  ApiKeyContext,
  AuthorizeContext,
  Model,
  Parsed,
  Provider,
  ProviderFailure,
  ProviderRequest,
  ServerSentEvent,
  StreamPart,
  Verdict,
} from './vocabulary/provider.ts'
export type { ResolvedOutput, ResolvedRequest, ResolvedTool } from './vocabulary/request.ts'
