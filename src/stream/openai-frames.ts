import { isCompletionError } from '../vocabulary/errors.ts'
import type { Usage } from '../vocabulary/result.ts'
import { dataFrame, type FrameSource, type Frames, HEARTBEAT } from './frames.ts'
import type { StreamEvent } from './stream-events.ts'

/** Writes a stream as OpenAI's Chat Completions does, for clients that speak that wire. */
export function openaiFrames({ clock, callId, model }: FrameSource): Frames {
  const head = { id: callId, object: 'chat.completion.chunk', created: Math.floor(clock.wallNow() / 1_000), model }
  let opened = false
  let usage: Usage | undefined
  const chunk = (delta: object, reason: string | null = null): string => {
    // OpenAI's own client throws for a message whose first chunk names no role.
    const whole = opened ? delta : { role: 'assistant', ...delta }
    opened = true
    return dataFrame({ ...head, choices: [{ index: 0, delta: whole, finish_reason: reason }] })
  }
  return {
    event(event) {
      if (event.type === 'usage') {
        // On this wire it comes once, behind the finish reason.
        usage = event.usage
        return ''
      }
      const written = frame(event, chunk)
      if (event.type !== 'finish' || !usage) return written
      return written + dataFrame({ ...head, choices: [], usage: usageOf(usage) })
    },
    failure: (error) => dataFrame({ error: failureOf(error) }),
    end: 'data: [DONE]\n\n',
  }
}

function frame(event: StreamEvent, chunk: (delta: object, reason?: string) => string): string {
  switch (event.type) {
    case 'text':
      return chunk({ content: event.text })
    case 'reasoning':
      return chunk({ reasoning_content: event.text })
    case 'refusal':
      return chunk({ refusal: event.text })
    case 'tool_call_delta': {
      const { index, id, name, arguments: written } = event
      const opening = id === undefined ? {} : { id, type: 'function' }
      return chunk({ tool_calls: [{ index, ...opening, function: { name, arguments: written } }] })
    }
    case 'finish':
      // OpenAI's wire has no other word for an end of another kind.
      return chunk({}, event.finishReason === 'other' ? 'stop' : event.finishReason)
    case 'ping':
      return HEARTBEAT
    // A whole tool call has been told in pieces; the rest has no place on this wire.
    case 'tool_call':
    case 'usage':
    case 'retry':
    case 'raw':
      return ''
  }
}

function usageOf({ inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens }: Usage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: totalTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  }
}

function failureOf(error: unknown): object {
  if (!isCompletionError(error)) return { message: 'the stream failed', type: 'server_error', code: null, param: null }
  return { message: error.message, type: error.code, code: error.providerCode ?? null, param: error.param ?? null }
}
