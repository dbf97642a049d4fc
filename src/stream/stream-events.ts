import type { FinishReason, ToolCall, Usage } from '../vocabulary/result.ts'

/** A piece of the answer: what the model says, what it thinks, or what it says where it declines to answer. */
export interface TextEvent<Type extends 'text' | 'reasoning' | 'refusal' = 'text' | 'reasoning' | 'refusal'> {
  readonly type: Type
  /** To be appended to what came before. */
  readonly text: string
}

/** A piece of a tool call. */
export interface ToolCallDeltaEvent {
  readonly type: 'tool_call_delta'
  /** The call's number, from 0. */
  readonly index: number
  /** Told once. */
  readonly id?: string | undefined
  /** Told once. */
  readonly name?: string | undefined
  /** To be appended to what came before. */
  readonly arguments: string
}

/** A tool call that is whole: told when the answer is proven complete. */
export interface ToolCallEvent<Call extends ToolCall = ToolCall> {
  readonly type: 'tool_call'
  /** With its input, or with what is wrong with it. */
  readonly toolCall: Call
}

/** What the answer has cost so far. */
export interface UsageEvent {
  readonly type: 'usage'
  /** Replaces what was told before. */
  readonly usage: Usage
}

/** The last event of an answer that is proven complete. */
export interface FinishEvent {
  readonly type: 'finish'
  /** Why the model stopped. */
  readonly finishReason: FinishReason
}

/** Another attempt begins; only ever before the first content. */
export interface NextAttemptEvent {
  readonly type: 'retry'
  /** Its number, from 0. */
  readonly attempt: number
}

/** A provider's event as it came; with `rawEvents` only. */
export interface RawEvent {
  readonly type: 'raw'
  /** Its `data`. */
  readonly data: string
}

/** What a stream hands out, in the order in which it came; `ping`: the provider is alive but sends no content. May grow in a minor version. */
export type StreamEvent<Call extends ToolCall = ToolCall> =
  | TextEvent<'text'>
  | TextEvent<'reasoning'>
  | TextEvent<'refusal'>
  | ToolCallDeltaEvent
  | ToolCallEvent<Call>
  | UsageEvent
  | FinishEvent
  | NextAttemptEvent
  | { readonly type: 'ping' }
  | RawEvent
