import { beginsDocument } from '../answer/document-start.ts'
import { createSseParser } from '../answer/sse.ts'
import { fail } from '../base/check.ts'
import { object, parsed, text } from '../base/json.ts'
import { readStatus, verdict } from '../classify/status-rules.ts'
import {
  type AnyCompletionError,
  CompletionError,
  type CompletionErrorJSON,
  isCode,
  isCompletionError,
  type TimeoutPhase,
} from '../vocabulary/errors.ts'
import type { StreamEvent } from './stream-events.ts'

/** A body of `toReadableStream({ format: 'events' })`: a response, its body, or its bytes. */
export type EventsBody =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | { readonly body: ReadableStream<Uint8Array> | null }
  | Response

/**
 * Reads the format `'events'` back, in a browser too.
 *
 * @throws CompletionError the one that the stream failed with · for a response that is an error by its status, the one that its problem
 * document (RFC 9457, as `relay` sends it) or its status stands for · `network` where the connection breaks · `aborted`, or `timeout`
 * with phase `signal`, where the caller's own signal ended the request · `invalid_response` where the body ends before the answer does
 */
export async function* readEvents(body: EventsBody): AsyncGenerator<StreamEvent, undefined, undefined> {
  if (typeof body !== 'object' || body === null) fail('readEvents', body, WANTED)
  if ('ok' in body && !body.ok) throw await refused(body)
  const parser = createSseParser()
  let isDocument: boolean | undefined
  let finished = false
  for await (const chunk of chunksOf(body)) {
    const bytes = bytesOf(chunk)
    isDocument ??= beginsDocument(bytes)
    if (isDocument) throw noEvents()
    parser.push(bytes)
    for (let frame = parser.next(); frame; frame = parser.next()) {
      const event = frame.kind === 'event' ? eventOf(frame.data) : frame.kind === 'comment' ? PING : undefined
      if (!event) continue
      if (event.type === 'error') throw restored(event.error)
      finished ||= event.type === 'finish'
      yield event
    }
  }
  // Every event ends with a blank line here, so what stands behind the last one is a piece of an event that was cut.
  if (!finished) {
    const message =
      'invalid_response: the event stream ended before the answer did. The connection was cut on its way here.'
    throw new CompletionError({ code: 'invalid_response', message, retryable: true })
  }
  return undefined
}

const WANTED = 'a response with a body, or a stream of bytes'

const PING: StreamEvent = { type: 'ping' }

type Written = StreamEvent | { readonly type: 'error'; readonly error: CompletionErrorJSON }

function eventOf(data: string): Written {
  const event = object(parsed(data))
  const error = event?.['type'] === 'error' ? (object(event['error']) ?? {}) : undefined
  if (error ? text(error['code']) && text(error['message']) : text(event?.['type'])) return event as unknown as Written
  throw noEvents()
}

/** Codes may grow: one of a later version is still a failure of its server. */
function restored(error: CompletionErrorJSON): AnyCompletionError {
  return CompletionError.fromJSON(isCode(error.code) ? error : { ...error, code: 'server_error' })
}

/** Said without quoting what may be an answer. */
const noEvents = (): CompletionError =>
  new CompletionError({
    code: 'invalid_response',
    message: "invalid_response: the body is not in the format 'events'.",
  })

/** Node's streams give strings where somebody has set their encoding. */
function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk)
  if (!ArrayBuffer.isView(chunk)) fail('readEvents', chunk, WANTED)
  return chunk as Uint8Array
}

async function refused(response: Response): Promise<CompletionError> {
  const { status, headers } = response
  const body = await response.text().catch(() => '')
  const problem = headers.get('content-type')?.startsWith('application/problem+json') ? object(parsed(body)) : undefined
  const named = problem?.['code']
  // A problem of ours may have no code of a call's, and one of somebody else's may have any.
  const { code, retryable } = isCode(named) ? verdict(named) : readStatus(status)
  const phase = code === 'timeout' ? ((text(problem?.['phase']) as TimeoutPhase | undefined) ?? 'total') : undefined
  const wait = headers.get('retry-after')
  return new CompletionError({
    code,
    message: `${code}: ${text(problem?.['detail']) ?? `the server answered with status ${status} and no events.`}`,
    // Of a total that is over nothing is left for another try.
    retryable: retryable && phase !== 'total' && phase !== 'signal',
    status,
    phase,
    retryAfterMs: wait && /^\d+$/.test(wait) ? Number(wait) * 1_000 : undefined,
    callId: text(problem?.['callId']),
  })
}

/** The chunks. Leaving early cancels the body. */
async function* chunksOf(body: EventsBody): AsyncGenerator<Uint8Array, undefined, undefined> {
  const source = 'body' in body ? body.body : body
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source || 'getReader' in source))
    fail('readEvents', body, WANTED)
  const chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : iteratorOf(source)
  let left = true
  const ended = (error: unknown): never => {
    left = false
    throw broken(error)
  }
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch(ended)
      if (done) break
      yield value
    }
    left = false
  } finally {
    if (left) await chunks.return?.()
  }
  return undefined
}

/** Safari's streams cannot be iterated. */
function iteratorOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array, undefined> {
  const reader = stream.getReader()
  return {
    next: async () => {
      const { done, value } = await reader.read()
      return done ? { done, value: undefined } : { done, value }
    },
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

/** Why the body gave no more. */
function broken(cause: unknown): AnyCompletionError {
  if (isCompletionError(cause)) return cause
  const name = object(cause)?.['name']
  const because = name === 'AbortError' ? ABORTED : name === 'TimeoutError' ? TIMED_OUT : BROKEN
  return new CompletionError({ ...because, cause }) as AnyCompletionError
}

const ABORTED = { code: 'aborted', message: 'aborted: the signal of the request was aborted.' } as const
const TIMED_OUT = {
  code: 'timeout',
  phase: 'signal',
  message: 'timeout: the signal of the request timed out.',
} as const
const BROKEN = {
  code: 'network',
  message: 'network: the connection broke while the events were read (the cause is beneath).',
  retryable: true,
} as const
