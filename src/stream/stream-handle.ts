import type { Completion, ToolCall } from '../vocabulary/result.ts'
import type { StreamEvent } from './stream-events.ts'

/** How `toReadableStream` writes an event: `'events'` for `readEvents`, `'openai'` for what speaks OpenAI's wire, or a function. */
export type StreamFormat = 'events' | 'openai' | ((event: StreamEvent) => string)

/** How {@link CompletionStream.toReadableStream} writes. */
export interface ReadableStreamOptions {
  /** What the events become. @defaultValue 'events' */
  readonly format?: StreamFormat | undefined
  /** Silence after which a comment is written, in milliseconds, so that no proxy takes the connection for dead. @defaultValue 15_000 */
  readonly heartbeat?: number | undefined
}

/** Bytes over memory of their own, as the web's streams and sockets want them; before TypeScript 5.7 there is no other Uint8Array. */
export type EncodedBytes = ReturnType<InstanceType<typeof TextEncoder>['encode']>

/**
 * A streamed answer. It begins when it is first pulled, or when `completion` is first awaited; never touched, it makes no request.
 * It has one consumer: a second throws a TypeError. Leaving it early ends the HTTP exchange at once.
 */
export interface CompletionStream<Output = unknown, Call extends ToolCall = ToolCall>
  extends AsyncIterable<StreamEvent<Call>>,
    AsyncDisposable {
  /** @throws CompletionError whenever the answer did not come whole: a stream never ends quietly that did not end well */
  [Symbol.asyncIterator](): AsyncIterableIterator<StreamEvent<Call>, undefined, undefined>
  /** The text alone. */
  readonly textStream: AsyncIterable<string>
  /** The whole answer. Awaiting it drains what nobody else reads. It never becomes an unhandled rejection. */
  readonly completion: Promise<Completion<Output, Call>>
  /** Ends the call; whoever reads gets an `aborted` error with this reason. */
  cancel(reason?: unknown): void
  /**
   * The events as server-sent events, in bytes, with comments as heartbeats. It is the one consumer. For readers that are trusted: a failure
   * is written as its error's `toJSON()`, with the provider's words and the call's metadata; for anybody else there is `relay` of
   * `punctual/server`.
   */
  toReadableStream(options?: ReadableStreamOptions): ReadableStream<EncodedBytes>
}
