import { YOUNG } from '../base/young.ts'
import type { Call } from '../call/call.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import { type HeaderBag, headersOfBag } from '../vocabulary/header-bag.ts'
import type { AssistantMessage, Part } from '../vocabulary/message.ts'
import type { Answer } from '../vocabulary/provider.ts'
import type { Completion, CompletionResponse, ToolCall } from '../vocabulary/result.ts'
import type { GoodResponse, WholeAnswer } from './body.ts'

/** An answer whose tool calls and output have been read. */
export interface Understood extends WholeAnswer {
  readonly toolCalls: readonly ToolCall[]
  readonly output: unknown
}

/** The result as the caller gets it. */
export function completionOf(
  call: Call,
  understood: Understood,
  { status, headers, requestId }: GoodResponse,
): Completion {
  const { answer, toolCalls, output, raw } = understood
  const { startOffset, duration } = call.attempts.at(-1) as Attempt
  return {
    ...YOUNG,
    text: answer.text,
    reasoning: answer.reasoning,
    refusal: answer.refusal,
    message: messageOf(answer),
    toolCalls,
    finishReason: answer.finishReason,
    output,
    usage: answer.usage,
    provider: call.provider.name,
    model: answer.model ?? call.request.model,
    requestedModel: call.request.model,
    id: answer.id,
    callId: call.id,
    metadata: call.settings.layer.metadata,
    attempts: call.attempts,
    duration: startOffset + duration,
    raw,
    response: responseOf(status, requestId, headers),
  }
}

const BAG = Symbol('headers')

/** Made when somebody looks: most callers never do. One getter for all, as a new one each time would be a hidden class each time. */
const HEADERS: PropertyDescriptor & ThisType<{ [BAG]: HeaderBag }> = {
  enumerable: true,
  configurable: true,
  get() {
    const value = headersOfBag(this[BAG])
    // From now on the same.
    Object.defineProperty(this, 'headers', { value, enumerable: true })
    return value
  },
}

function responseOf(status: number, requestId: string | undefined, headers: HeaderBag): CompletionResponse {
  const response = Object.defineProperty({ ...YOUNG, status, requestId }, 'headers', HEADERS)
  // Not enumerable: whoever prints a completion prints no cookies with it.
  return Object.defineProperty(response, BAG, { value: headers }) as unknown as CompletionResponse
}

/**
 * The answer as the next turn's message: only what has to travel is more than its text. Its tool calls are the raw ones, because a
 * validated input need not survive JSON.
 */
export function messageOf(answer: Answer): AssistantMessage {
  const content: string | readonly Part[] = answer.parts ?? answer.text
  return {
    ...YOUNG,
    role: 'assistant',
    content,
    ...(answer.toolCalls.length > 0 ? { toolCalls: answer.toolCalls } : undefined),
    ...(answer.providerData ? { providerData: answer.providerData } : undefined),
  }
}
