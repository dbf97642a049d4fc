import type { Message } from './message.ts'
import type { Model } from './provider.ts'
import type { ToolCall } from './result.ts'
import type {
  JsonSchemaInput,
  SchemaOutput,
  SchemaWithJson,
  StandardJsonSchema,
  StandardSchema,
} from './standard-schema.ts'

/** A tool that the model may call. Nothing is executed by punctual. */
export interface Tool {
  /** What it does and when to call it, for the model. */
  readonly description?: string | undefined
  /**
   * What it takes: a Standard Schema that offers JSON Schema (zod, arktype, valibot through `toStandardJsonSchema()`),
   * `{ schema, jsonSchema }`, or JSON Schema, whose common keywords are checked. It must describe an object. @defaultValue no arguments
   */
  readonly input?: StandardJsonSchema | ToolInput | JsonSchemaInput | undefined
  /** Asks the provider to hold the model to the schema (OpenAI, Anthropic). */
  readonly strict?: boolean | undefined
  /** Wire fields that are sent as they are, beside the tool's own (for example `cache_control`). */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
  /** It is called `input` here. */
  readonly parameters?: never
  /** It is called `input` here. */
  readonly inputSchema?: never
  /** Nothing is executed by punctual: call it yourself, and put its result into the conversation. */
  readonly execute?: never
}

/** What a tool takes, by a schema that cannot say its own JSON Schema. */
export interface ToolInput {
  /** Validates the arguments. */
  readonly schema: StandardSchema
  /** What is sent. */
  readonly jsonSchema: JsonSchemaInput
}

/** Tools by name: 1 to 64 letters, digits, `_` and `-`. */
export type ToolSet = Readonly<Record<string, Tool>>

/** The wanted shape of the answer, with what the schema itself does not say. */
export interface OutputDefinition<S extends StandardSchema = StandardSchema> {
  /** Validates the answer; its output type is returned. */
  readonly schema: S
  /** What is sent. May be left out where the schema offers it. */
  readonly jsonSchema?: JsonSchemaInput | undefined
  /** 1 to 64 letters, digits, `_` and `-`. @defaultValue 'output' */
  readonly name?: string | undefined
  /** Whether the provider is to hold the model to the schema. @defaultValue where its strict mode can express it */
  readonly strict?: boolean | undefined
}

/**
 * The wanted shape of the answer. Plain JSON Schema types the output `unknown`, and its common keywords are checked (types, members,
 * items, alternatives, enumerations, references, bounds); for all of it give `{ schema, jsonSchema }` with a validator of your own.
 */
export type OutputSpec = SchemaWithJson | OutputDefinition | JsonSchemaInput

/** The type of `completion.output`. */
export type OutputOf<O, T extends ToolSet> = SchemaOutput<O> | ([keyof T] extends [never] ? never : undefined)

/** The type of a tool call, told apart by `name`. */
export type ToolCallOf<T extends ToolSet> = [keyof T] extends [never]
  ? ToolCall
  : { [Name in keyof T & string]: ToolCall<Name, InputOf<T[Name]>> }[keyof T & string]

type InputOf<T extends Tool> = T extends { readonly input: infer S }
  ? SchemaOutput<S>
  : T extends { readonly input?: undefined }
    ? Readonly<Record<string, unknown>>
    : unknown

/** No tools: a call whose request has none. */
export type NoTools = { readonly [Name in never]: Tool }

/** WHAT is asked of the model: plain data. */
export interface Request<T extends ToolSet = ToolSet, O extends OutputSpec | undefined = OutputSpec | undefined> {
  /** A model, or the id of one of the client's provider. May be left out where the client has a `model`. */
  readonly model?: string | Model | undefined
  /** The conversation so far, oldest first; at least one. */
  readonly messages: readonly Message[]
  /** What the model may call. */
  readonly tools?: T | undefined
  /** @defaultValue 'auto' */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: NoInfer<keyof T & string> } | undefined
  /** Whether one answer may hold several calls; left out where the wire has no such field (Gemini). @defaultValue the provider's own */
  readonly parallelToolCalls?: boolean | undefined
  /**
   * The answer as data: a Standard Schema that offers JSON Schema (zod, arktype, valibot through `toStandardJsonSchema()`; its input side is
   * sent, its output returned), `{ schema, jsonSchema }`, or JSON Schema. Uses the provider's native mode where it has one.
   */
  readonly output?: O
  /**
   * Further attempts in which the model is told why its answer did not validate. They count as attempts: `retry` bounds them too, and
   * `retry: false` makes none. @defaultValue 1
   */
  readonly outputRetries?: number | undefined
  /** The longest answer, in tokens. @defaultValue the provider's own */
  readonly maxTokens?: number | undefined
  /** @defaultValue the provider's own */
  readonly temperature?: number | undefined
  /** Nucleus sampling, from 0 to 1. @defaultValue the provider's own */
  readonly topP?: number | undefined
  /** Texts that end the answer; they are not part of it. @defaultValue none */
  readonly stop?: string | readonly string[] | undefined
  /** For answers that repeat, as far as the provider can; left out where the wire has no such field (Anthropic). @defaultValue none */
  readonly seed?: number | undefined
  /** How much a reasoning model may think. @defaultValue the provider's own */
  readonly reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high' | undefined
  /**
   * Fields that are sent as they are, shallow, over the typed ones: an object replaces the whole of the one that the typed fields have made
   * (Gemini's `generationConfig`, Anthropic's `output_config`).
   */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined
}

/** A tool as it is sent: its schema is plain JSON Schema by now. */
export interface ResolvedTool {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string
  /** What the tool is for, for the model. */
  readonly description?: string | undefined
  /** Describes an object. */
  readonly inputSchema: Readonly<Record<string, unknown>>
  /** Whether the arguments must fit; undefined leaves it to the provider. */
  readonly strict?: boolean | undefined
  /** Wire fields, sent as they are. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

/** The wanted shape of the answer: its schema is plain JSON Schema by now. */
export interface ResolvedOutput {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string
  /** Describes an object, whatever the caller's schema describes. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Undefined leaves it to the provider: strict where its mode can express the schema. */
  readonly strict?: boolean | undefined
}

/** A {@link Request} that has been checked, with nothing left to decide: what a Provider prepares. Its members mean what they mean there. */
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
