import { type HeaderBag, separatorOf } from '../vocabulary/header-bag.ts'
import type { FetchLike } from '../vocabulary/options.ts'
import type { Exchange, Receiver, Transport, WireRequest } from './transport.ts'

/**
 * The transport contract over a WHATWG fetch: the given one, or `'global'`, which is looked up for every exchange so that whatever has
 * been put in its place since is used.
 *
 * A fetch tells nothing of its connections: `onSent` comes before it is called, `reused` is never true, and `fresh` has no meaning.
 */
export function openFetchTransport(given: 'global' | FetchLike): Transport {
  return {
    start: (request, receiver) => openFetchExchange(given, request, receiver),
    // Its connections are the host's.
    close() {},
  }
}

function openFetchExchange(given: 'global' | FetchLike, request: WireRequest, receiver: Receiver): Exchange {
  const controller = new AbortController()
  let reader: ReadableStreamDefaultReader<unknown> | undefined
  let settled = false
  let paused = false
  let release: (() => void) | undefined

  function fail(error: unknown): void {
    if (settled) return
    settled = true
    leave(error)
    receiver.onError(error)
  }

  function end(): void {
    if (settled) return
    settled = true
    receiver.onEnd()
  }

  function leave(reason: unknown): void {
    controller.abort(reason)
    // For a fetch that does not listen to its signal.
    if (reader) void letGo(reader)
  }

  async function run(): Promise<void> {
    if (settled) return
    receiver.onSent(false)
    if (settled) return
    const fetch = given === 'global' ? globalThis.fetch : given
    const { method, url, headers, body } = request
    // A URL and a plain init: a Request of this realm is foreign to many a fetch.
    const response: unknown = await fetch(url.href, {
      method,
      headers: { ...headers },
      // Bytes too: the type that allows them is not in every runtime's library.
      body: (body ?? null) as string | null,
      // Without it a fetch refuses a body that is a stream.
      ...(typeof body === 'object' && 'getReader' in body && { duplex: 'half' as const }),
      redirect: 'manual',
      signal: controller.signal,
    })
    if (settled) return discard(response)
    if (!isResponse(response)) throw new TypeError('The fetch function returned something that is not a Response')
    // A browser hides a redirect's status and target; any 3xx says what has to be known.
    if (response.type === 'opaqueredirect') {
      receiver.onHeaders(302, {})
      return end()
    }
    if (response.status === 0) throw new TypeError('The fetch function returned an error response')
    receiver.onHeaders(response.status, headerBag(response.headers))
    if (settled) return discard(response)
    await readBody(response)
    end()
  }

  async function readBody(response: Response): Promise<void> {
    const { body } = response
    if (body === null) return
    if (body === undefined) {
      // React Native's fetch has no streams.
      const bytes = new Uint8Array(await response.arrayBuffer())
      if (!settled) receiver.onData(bytes)
      return
    }
    if (response.bodyUsed || body.locked)
      throw new TypeError('The fetch function returned a Response that is being read')
    reader = body.getReader()
    while (!settled) {
      if (paused) await new Promise<void>((resolve) => (release = resolve))
      const { done, value } = await reader.read()
      if (settled || done) return
      if (!isBytes(value)) throw new TypeError('The fetch function returned a body that is not made of bytes')
      receiver.onData(value)
    }
  }

  // Never before `start` has returned. Whatever is thrown, here or by the fetch, now or long after a cancel, ends in `fail`.
  void Promise.resolve().then(run).catch(fail)

  return {
    pause() {
      paused = true
    },
    resume() {
      paused = false
      release?.()
    },
    cancel(reason) {
      if (settled) return
      settled = true
      release?.()
      leave(reason)
    },
  }
}

/** Structural: a Response of another realm or a polyfill's is as good. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers } = value as Partial<Response>
  return typeof status === 'number' && typeof headers?.forEach === 'function'
}

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Uint8Array).BYTES_PER_ELEMENT === 1
}

function headerBag(headers: Headers): HeaderBag {
  const bag: Record<string, string> = {}
  headers.forEach((value: unknown, name) => {
    const key = name.toLowerCase()
    const known = bag[key]
    // A mock may have a Map for them, and numbers in it.
    bag[key] = known === undefined ? String(value) : known + separatorOf(key) + String(value)
  })
  return bag
}

/** An answer that came after nobody wanted it: its connection is given back. */
function discard(response: unknown): void {
  const body = (response as Partial<Response> | undefined)?.body
  if (body && !body.locked) void letGo(body)
}

/** A mock's cancel may throw, give no promise, or not be there. */
async function letGo(body: { cancel(): unknown }): Promise<void> {
  try {
    await body.cancel()
  } catch {
    // Nobody wants it any more.
  }
}
