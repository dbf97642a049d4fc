import { completionOf, type Understood } from './answer/completion.ts'
import type { StreamBody } from './answer/event-body.ts'
import { openStreamBody } from './answer/stream-body.ts'
import { ownToolCallId, understand } from './answer/understanding.ts'
import { startAttempt } from './attempt/attempt.ts'
import { runAttempts } from './attempt/attempts.ts'
import type { AttemptPlan } from './attempt/running-attempt.ts'
import { endedBefore, finishFailure, finishSuccess } from './attempt/settle.ts'
import { type Call, endCall } from './call/call.ts'
import { withinDeadline } from './call/deadline.ts'
import { type CallInput, enterCall, openCall } from './call/open-call.ts'
import { eventQueue } from './stream/event-queue.ts'
import { consumers } from './stream/stream-consumers.ts'
import type { StreamEvent } from './stream/stream-events.ts'
import type { CompletionStream } from './stream/stream-handle.ts'
import type { StreamPart } from './vocabulary/provider.ts'
import type { Completion } from './vocabulary/result.ts'

/**
 * The life of a streamed call. Up to its first content it is that of `complete` (see there); then it belongs to its consumer:
 *
 *     attempts   until the first content: retried unseen, for every cause alike
 *        │
 *     events     read from the socket at the consumer's pace: a consumer that waits makes the provider wait
 *        │
 *     proof      a finish reason or the provider's end marker: `tool_call`s, `finish`, the completion     ✗ error with `partial`
 */
export function stream(input: CallInput): CompletionStream {
  const call = openCall(input, true)
  const { rawEvents } = call.settings.layer
  let started = false
  let body: StreamBody | undefined
  let draining = false
  let resolveWhole!: (completion: Completion) => void
  let rejectWhole!: (error: unknown) => void
  const whole = new Promise<Completion>((resolve, reject) => {
    resolveWhole = resolve
    rejectWhole = reject
  })
  const queue = eventQueue<StreamEvent>(() => {
    start()
    body?.pump()
  })
  const push = (event: StreamEvent): void => {
    if (!draining) queue.push(event)
  }

  /** One attempt: resolves with its first content, or rejects before it; what comes after is told to the consumer alone. */
  function attempt(plan: AttemptPlan): Promise<void> {
    return new Promise((resolve, reject) => {
      let begun = false
      if (call.attempts.length > 0) push({ type: 'retry', attempt: call.attempts.length })
      startAttempt<Understood>(call, plan, {
        openBody(_call, response, controls) {
          const opened = openStreamBody({
            provider: call.provider,
            controls,
            clock: call.clock,
            limit: call.settings.layer.maxResponseBytes,
            taker: {
              // An observer may have ended the call in the middle of an event.
              wants: () => !call.ending && (draining || queue.hungry),
              part(part) {
                if (call.ending) return
                const event = eventOf(call, part)
                if (!begun && (event ? event.type !== 'usage' : part.type === 'other_content')) {
                  begun = true
                  body = opened
                  resolve()
                }
                if (event) push(event)
              },
              ping() {
                // Before the first content everything is read, and a server may have nothing but comments to send.
                if (queue.latest?.type !== 'ping') push({ type: 'ping' })
              },
              ...(rawEvents && { raw: (data: string) => push({ type: 'raw', data }) }),
            },
          })
          return opened
        },
        conclude: understand,
        succeed(understood, response) {
          const completion = completionOf(call, understood, response)
          for (const toolCall of completion.toolCalls) push({ type: 'tool_call', toolCall })
          push({ type: 'finish', finishReason: completion.finishReason })
          finishSuccess(call, completion)
          resolveWhole(completion)
          resolve()
          queue.end()
        },
        fail(error) {
          if (!begun) return reject(error)
          // What has been given to the caller is never given again, so nothing may follow.
          finishFailure(call, error, call.ending?.stopReason ?? 'not_retryable')
          fail(error)
        },
      })
    })
  }

  function fail(error: unknown): void {
    rejectWhole(error)
    queue.fail(error)
  }

  function start(): void {
    if (started) return
    started = true
    enterCall(call, call.clock.now())
    if (call.ending) return fail(endedBefore(call))
    // Watched here only for its rejection before the first content; the deadline is over the whole.
    runAttempts(call, attempt).catch(fail)
    withinDeadline(call, whole).catch(() => undefined)
  }

  function cancel(reason: unknown = new Error('the stream was cancelled')): void {
    const message = 'the stream was cancelled (its reason is beneath).'
    endCall(call, { code: 'aborted', stopReason: 'aborted', message, cause: reason })
    if (started) return
    started = true
    fail(endedBefore(call))
  }

  return consumers({
    queue,
    whole,
    cancel,
    start,
    clock: call.clock,
    callId: call.id,
    model: call.request.model,
    drain() {
      draining = true
      queue.clear()
      start()
      body?.pump()
    },
  })
}

function eventOf(call: Call, part: StreamPart): StreamEvent | undefined {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      if (part.text === '') return undefined
      // Most parts are events as they are; an object less for each token.
      return part.type === 'refusal' || !part.providerData ? part : { type: part.type, text: part.text }
    case 'tool_call':
      return part.arguments === '' && part.id === undefined && part.name === undefined
        ? undefined
        : {
            type: 'tool_call_delta',
            index: part.index,
            id: part.id === '' ? ownToolCallId(call, part.index) : part.id,
            name: part.name,
            arguments: part.arguments,
          }
    case 'usage':
      return { type: 'usage', usage: part.usage }
    default:
      return undefined
  }
}
