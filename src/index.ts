import type { Client, ClientDefaults, Complete } from './client.ts'
import { bindEntry } from './entry.ts'
import { openNodeTransports } from './transport/node.ts'

const entry = bindEntry(openNodeTransports)

/**
 * Makes one chat-completion call with the default client. Settles by its deadline, whatever the server, the network or a custom fetch
 * does: with an answer that is proven complete, or with one classified CompletionError.
 *
 * @throws CompletionError for everything that can go wrong with a call; TypeError for a programmer's mistake, before any request.
 */
export const complete: Complete = entry.complete

/** Makes a client: defaults, connections and credentials that its calls share. */
export const createClient: (defaults?: ClientDefaults) => Client = entry.createClient

/** Replaces the client behind the bare `complete`, and returns the one before. */
export const setDefaultClient: (client: Client) => Client = entry.setDefaultClient

export { CompletionError, isCompletionError } from './errors.ts'
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

export type { Attempt } from './attempt-record.ts'
export type { Client, ClientDefaults, CloseOptions, Complete, ProviderLike } from './client.ts'
export type {
  AnyCompletionError,
  Code,
  CompletionErrorInit,
  CompletionErrorJSON,
  ErrorResponse,
  StopReason,
  TimeoutPhase,
} from './errors.ts'
export type { CallEvent } from './events.ts'
export type {
  AssistantMessage,
  FilePart,
  ImagePart,
  InputMessage,
  Message,
  Part,
  ReasoningPart,
  TextPart,
  ToolMessage,
} from './message.ts'
export type { DispatcherLike, Options, RetryContext, RetryDecision, RetryOptions, TimeoutOptions } from './options.ts'
export type { OutputDefinition, OutputOf, OutputSpec, Request, Tool, ToolCallOf, ToolSet } from './request.ts'
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
} from './result.ts'

export type { JsonSchema, SchemaOutput, SchemaWithJson, StandardJsonSchema, StandardSchema } from './standard-schema.ts'

// For those who write a provider or drive time in their tests.
export type { Clock } from './clock.ts'
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
} from './provider.ts'
export type { ResolvedOutput, ResolvedRequest, ResolvedTool } from './request.ts'
export type { HeaderBag } from './transport/transport.ts'
