/** What tells a server that speaks Chat Completions apart from the others. Data, so that a new server is a row and not a branch. */
export interface Dialect {
  /** What the wire calls `maxTokens`. @defaultValue 'max_tokens' */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined
  /** What the wire calls `seed`. @defaultValue 'seed' */
  readonly seedField?: 'seed' | 'random_seed' | undefined
  /** Whether it knows `stream_options: { include_usage }`; some refuse a request that has it. @defaultValue false */
  readonly streamUsage?: boolean | undefined
  /** Whether it knows the role `developer`; elsewhere `system` is sent for it. @defaultValue false */
  readonly developerRole?: boolean | undefined
  /** Where it knows no JSON Schema mode, the schema is put into an instruction. @defaultValue 'json_schema' */
  readonly outputMode?: 'json_schema' | 'json_object' | 'instruct' | undefined
  /**
   * Whether its JSON Schema mode is known to have OpenAI's strict mode on every model; then schemas that it can express are sent strict
   * unless the request says otherwise. @defaultValue false
   */
  readonly strictOutput?: boolean | undefined
  /** The field in which it wants its own reasoning back. @defaultValue none: it is not sent */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | undefined
  /** Whether it takes no other ids of tool calls than nine letters and digits, as Mistral does. @defaultValue false */
  readonly shortCallIds?: boolean | undefined
  /** Whether it takes content as one string only. @defaultValue false */
  readonly flatText?: boolean | undefined
  /** Whether it takes files by URL. @defaultValue false */
  readonly fileURLs?: boolean | undefined
  /** Whether an answer without a finish reason can be complete (Snowflake Cortex never sends one). @defaultValue false */
  readonly noFinishReason?: boolean | undefined
}
