import type { FinishReason, ToolCall, Usage } from '../vocabulary/result.ts'

/** What a stream hands out, in the order in which it came. May grow in a minor version. */
export type StreamEvent<Call extends ToolCall = ToolCall> =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** What the model says where it declines to answer. */
  | { readonly type: 'refusal'; readonly text: string }
  /** A piece of the tool call number `index`; `arguments` is to be appended. `id` and `name` come once. */
  | {
      readonly type: 'tool_call_delta'
      readonly index: number
      readonly id?: string | undefined
      readonly name?: string | undefined
      readonly arguments: string
    }
  /** A tool call that is whole: told when the answer is proven complete. */
  | { readonly type: 'tool_call'; readonly toolCall: Call }
  /** Replaces what was told before. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** The last event of an answer that is proven complete. */
  | { readonly type: 'finish'; readonly finishReason: FinishReason }
  /** Attempt number `attempt` begins; only ever before the first content. */
  | { readonly type: 'retry'; readonly attempt: number }
  /** The provider is alive but sends no content. */
  | { readonly type: 'ping' }
  /** A provider's event as it came; with `rawEvents` only. */
  | { readonly type: 'raw'; readonly data: string }
