import { fail, rejectUnknown } from '../base/check.ts'
import { unwrapError } from '../fetch/unwrap-error.ts'
import { checkWriting, dataFrame, eventFrame, type Frames, HEARTBEAT, written } from '../stream/frames.ts'
import { openaiFrames } from '../stream/openai-frames.ts'
import { patiently } from '../stream/patience.ts'
import type { StreamEvent } from '../stream/stream-events.ts'
import type { StreamFormat } from '../stream/stream-handle.ts'
import { CLOCK_WANTED, type Clock, isClock, systemClock } from '../vocabulary/clock.ts'
import { type ProblemOptions, toProblem } from './problem.ts'

/** What is relayed: a stream of punctual's, or anything that is as iterable and as cancellable. */
export interface RelaySource extends AsyncIterable<StreamEvent> {
  /** Rejects when it has failed, also while nobody reads it. Awaited only while it is being read. */
  readonly completion?: PromiseLike<unknown>
  /** Ends it; called in any case, when it has ended too. */
  cancel(reason?: unknown): void
}

/** How {@link relay} and {@link relayResponse} write. */
export interface RelayOptions extends ProblemOptions {
  /**
   * How events are written: `'events'` for `readEvents`, `'openai'` for clients of OpenAI's wire, or a function, whose empty string
   * writes nothing. @defaultValue 'events'
   */
  readonly format?: StreamFormat | undefined
  /** Silence after which a comment is written, in milliseconds, so that no proxy gives up. @defaultValue 15_000 */
  readonly heartbeat?: number | undefined
  /** Told what the stream failed with, where it failed: for the service's log. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** For tests. @defaultValue the host's timers */
  readonly clock?: Clock | undefined
}

/**
 * `no-transform` and `x-accel-buffering` keep compressing and buffering intermediaries (Express' compression, nginx) from holding
 * events back.
 */
export const EVENT_STREAM: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Events that say nothing of the answer yet: a status line need not be spent on them. */
const BEFORE_CONTENT = new Set<StreamEvent['type']>(['retry', 'ping', 'usage', 'raw'])

const NAMES = new Set(['format', 'heartbeat', 'expose', 'onError', 'clock'])

/**
 * The pieces of text that are written, each as it is asked for: so a slow reader slows the provider, and only a reader that waits is
 * sent heartbeats. Throws what the stream fails with as long as nothing has `begun`; after that a failure is the last piece.
 */
export function framesOf(
  stream: RelaySource,
  options: RelayOptions,
  begun = false,
): AsyncGenerator<string, void, undefined> {
  rejectUnknown('relay', options, NAMES)
  const { clock = systemClock, expose = false } = options
  const { format, heartbeat } = checkWriting(options)
  if (!isClock(clock)) fail('clock', clock, CLOCK_WANTED)
  if (options.onError !== undefined && typeof options.onError !== 'function')
    fail('onError', options.onError, 'a function')
  return pieces(stream, { frames: writer(format, expose, clock), heartbeat, clock, onError: options.onError, begun })
}

interface Writing {
  readonly frames: Frames
  readonly heartbeat: number
  readonly clock: Clock
  readonly onError: RelayOptions['onError']
  readonly begun: boolean
}

async function* pieces(
  stream: RelaySource,
  { frames, heartbeat, clock, onError, ...writing }: Writing,
): AsyncGenerator<string, void, undefined> {
  let { begun } = writing
  let held = ''
  let askedAt = clock.now()
  let events: AsyncIterator<StreamEvent> | undefined
  try {
    events = stream[Symbol.asyncIterator]()
    const next = patiently(events, clock)
    for (;;) {
      // Silence is that of what is written: events of which nothing is may be many.
      const result = await next(askedAt + heartbeat)
      let text = HEARTBEAT
      if (result) {
        if (result.done) break
        // Of the provider's pings nobody downstream has any use: the heartbeats are the relay's own.
        text = result.value.type === 'ping' ? '' : frames.event(result.value)
        if (!begun && BEFORE_CONTENT.has(result.value.type)) {
          held += text
          continue
        }
      }
      if (text === '') continue
      begun = true
      yield held + text
      held = ''
      askedAt = clock.now()
    }
    if (held + frames.end) yield held + frames.end
  } catch (error) {
    told(onError, error)
    if (!begun) throw error
    yield frames.failure(error)
  } finally {
    // Nothing where the stream has ended; otherwise whoever reads has left, or the format threw. One that somebody else reads is theirs.
    if (events) stream.cancel()
  }
}

/** A log's own trouble is not the client's. */
function told(onError: RelayOptions['onError'], error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // Nobody is left to tell.
  }
}

/** The formats of a stream's own `toReadableStream`, but for failures, which are told in the words that are meant for strangers. */
function writer(format: StreamFormat, expose: boolean, clock: Clock): Frames {
  if (format === 'openai') {
    const failure = (error: unknown): string => {
      const { detail, code, providerMessage } = toProblem(error, { expose }).body
      return dataFrame({ error: { message: providerMessage ?? detail, type: code, code: null, param: null } })
    }
    return { ...openaiFrames({ clock, callId: `chatcmpl-${crypto.randomUUID()}`, model: '' }), failure }
  }
  return {
    event: format === 'events' ? eventFrame : written(format),
    failure: (error) => dataFrame({ type: 'error', error: plain(error, expose) }),
    end: '',
  }
}

/** A problem in the form from which `readEvents` restores an error. */
function plain(error: unknown, expose: boolean): object {
  const { headers, body } = toProblem(error, { expose })
  const retryable = unwrapError(error)?.retryable
  const { type: _, title, detail, code, ...more } = body
  const seconds = headers['retry-after']
  const known = code === 'unavailable' || code === 'internal' || code === 'bad_request' ? 'server_error' : code
  return {
    name: title,
    code: known,
    message: `${known}: ${detail}`,
    retryable,
    ...(seconds !== undefined && { retryAfterMs: Number(seconds) * 1_000 }),
    ...more,
  }
}
