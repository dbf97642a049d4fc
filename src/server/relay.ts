import { isHead, type NodeResponse, nodeResponseOf } from './host.ts'
import { toProblem } from './problem.ts'
import { EVENT_STREAM, framesOf, type RelayOptions, type RelaySource } from './relay-events.ts'
import { signalFrom } from './signal-from.ts'

/** What frameworks wrap around the response, and must be told that somebody else answers. */
interface FrameworkReply {
  /** Fastify. */
  readonly hijack?: () => unknown
  readonly getHeaders?: () => Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** Koa. */
  respond?: boolean
  readonly res?: unknown
}

/**
 * Sends a stream to the client of a Node server as server-sent events, each as soon as it is there, with comments as heartbeats, no
 * faster than the client reads. The status line waits for the first content or the first heartbeat, so that an early failure has its
 * own status and a problem document ({@link toProblem}); a later one is the last event, of type `error`. A client that leaves cancels
 * the stream; a HEAD gets the head of an event stream and makes no request of the provider.
 *
 * @param response Node's response, Express' and NestJS' response, Fastify's reply (which is hijacked; its headers are kept), Koa's context.
 * @returns Settles when the response has ended, whether its client reads or not where the stream has failed, and never rejects for what
 * the stream fails with: see `onError`.
 */
export async function relay(stream: RelaySource, response: object, options: RelayOptions = {}): Promise<void> {
  const frames = framesOf(stream, options, nodeResponseOf(response)?.headersSent)
  const node = takeOver(response)
  const gone = signalFrom(node)
  const leave = (): void => stream.cancel(gone.reason)
  // The client has gone, or somebody else has ended the response, a timeout of the framework's, say: nobody is left to write to.
  const over = (): boolean => gone.aborted || node.writableEnded
  if (over()) return leave()
  if (isHead(node)) {
    // Nothing of an answer would be sent: the model need not be asked for one.
    stream.cancel()
    head(node, 200, EVENT_STREAM)
    return void node.end()
  }
  gone.addEventListener('abort', leave)
  const failure = failureOf(stream)
  try {
    for await (const frame of frames) {
      if (over()) return
      if (!node.headersSent) head(node, 200, EVENT_STREAM)
      if (!node.write(frame)) await drained(node, failure)
    }
    if (over()) return
    if (!node.headersSent) head(node, 200, EVENT_STREAM)
    node.end()
  } catch (error) {
    if (over()) return
    if (node.headersSent) return void node.end()
    const { status, headers, body } = toProblem(error, options)
    head(node, status, headers)
    node.end(JSON.stringify(body))
  } finally {
    gone.removeEventListener('abort', leave)
  }
}

function takeOver(response: object): NodeResponse {
  const node = nodeResponseOf(response)
  if (!node)
    throw new TypeError(
      "relay needs Node's response, Fastify's reply or Koa's context; for a web Response use relayResponse",
    )
  const reply = response as FrameworkReply
  if (reply.hijack && reply.getHeaders) {
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) node.setHeader(name, value)
    }
    reply.hijack()
  } else if (response !== node && reply.res === node) {
    reply.respond = false
  }
  return node
}

function head(node: NodeResponse, status: number, headers: Readonly<Record<string, string>>): void {
  node.statusCode = status
  // What a framework may have set for an answer of its own.
  node.removeHeader('content-length')
  node.removeHeader('content-encoding')
  for (const [name, value] of Object.entries(headers)) node.setHeader(name, value)
  node.flushHeaders()
}

/** Whether a stream has failed while its client did not read: by its deadline, say. */
interface Failure {
  /** Calls back when it fails, at once where it has; only the latest is called. */
  onFailed(listener: () => void): void
}

function failureOf({ completion }: RelaySource): Failure {
  let failed = false
  let watched = false
  let tell: () => void
  return {
    onFailed(listener) {
      tell = listener
      if (failed) return tell()
      if (watched) return
      watched = true
      completion?.then(undefined, () => {
        failed = true
        tell()
      })
    },
  }
}

/** Waits until the client has read on, or has gone, or somebody else has ended the response, or there is nothing more to wait for. */
function drained(node: NodeResponse, failure: Failure): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of DRAINED) node.removeListener(event, done)
      resolve()
    }
    for (const event of DRAINED) node.once(event, done)
    failure.onFailed(done)
  })
}

const DRAINED = ['drain', 'close', 'prefinish'] as const
