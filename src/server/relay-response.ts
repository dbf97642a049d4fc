import { problemResponse } from './problem.ts'
import { EVENT_STREAM, framesOf, type RelayOptions, type RelaySource } from './relay-events.ts'

/**
 * {@link relay} for servers that answer with a web `Response`. It resolves with the first content or the first heartbeat; an early
 * failure is a problem document with a status of its own. A client that leaves cancels the body, and with it the stream; until then
 * the stream's own `signal` must hear it ({@link signalFrom}, {@link withRequest}).
 */
export async function relayResponse(stream: RelaySource, options: RelayOptions = {}): Promise<Response> {
  const frames = framesOf(stream, options)
  const encoder = new TextEncoder()
  try {
    let first: IteratorResult<string, void> | undefined = await frames.next()
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const frame = first ?? (await frames.next())
          first = undefined
          if (frame.done) controller.close()
          else controller.enqueue(encoder.encode(frame.value))
        },
        async cancel(reason) {
          stream.cancel(reason)
          await frames.return()
        },
      },
      // Nothing is read ahead of the client.
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: EVENT_STREAM })
  } catch (error) {
    return problemResponse(error, options)
  }
}
