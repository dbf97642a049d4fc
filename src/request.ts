import type { Message } from './message.ts'
import type { Model } from './provider.ts'

/** WHAT is asked of the model: plain data. */
export interface Request {
  /** A model, or the id of one of the client's provider. May be left out where the client has a `model`. */
  readonly model?: string | Model | undefined
  /** The conversation so far, oldest first; at least one. */
  readonly messages: readonly Message[]
  /** The longest answer, in tokens. @defaultValue the provider's own */
  readonly maxTokens?: number | undefined
  /** @defaultValue the provider's own */
  readonly temperature?: number | undefined
  /** Nucleus sampling, from 0 to 1. @defaultValue the provider's own */
  readonly topP?: number | undefined
  /** Texts that end the answer; they are not part of it. @defaultValue none */
  readonly stop?: string | readonly string[] | undefined
  /** For answers that repeat, as far as the provider can. @defaultValue none */
  readonly seed?: number | undefined
  /** How much a reasoning model may think. @defaultValue the provider's own */
  readonly reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high' | undefined
  /** Fields that are sent as they are, shallow, over the typed ones. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined
}

/** A tool as it is sent: its schema is plain JSON Schema by now. */
export interface ResolvedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly inputSchema: Readonly<Record<string, unknown>>
  readonly strict?: boolean | undefined
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

/** The wanted shape of the answer: its schema is plain JSON Schema by now. */
export interface ResolvedOutput {
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly strict: boolean
}

/** A request that has been checked, with nothing left to decide: what a Provider prepares. */
export interface ResolvedRequest {
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly ResolvedTool[]
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string } | undefined
  readonly parallelToolCalls?: boolean | undefined
  readonly output?: ResolvedOutput | undefined
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly stop: readonly string[]
  readonly seed?: number | undefined
  readonly reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high' | undefined
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Whether the answer is asked for as a stream. */
  readonly stream: boolean
}
