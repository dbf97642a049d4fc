import type { Exchange, Receiver, Transport, WireRequest } from '../../src/transport/transport.ts'
import type { HeaderBag } from '../../src/vocabulary/header-bag.ts'

/** What a transport told of one exchange. */
export interface Received {
  /** Names of the calls, in order; `data` once however many chunks there were. */
  readonly order: string[]
  sent: boolean
  reused: boolean | undefined
  status: number | undefined
  headers: HeaderBag
  body: Uint8Array
  text: string
  error: unknown
  exchange: Exchange
  /** Settles with end or error. */
  readonly done: Promise<Received>
  /** Settles with the named event. */
  on(event: 'sent' | 'headers' | 'data'): Promise<void>
}

/** A POST with a small JSON body, as a call makes it. */
export function post(url: URL, init: Partial<WireRequest> = {}): WireRequest {
  return { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{"question":1}', ...init }
}

/** Starts an exchange and keeps what is told of it; `hooks` run after. */
export function receive(
  transport: Transport,
  request: WireRequest,
  { fresh = false, onData, ...hooks }: Partial<Receiver> & { fresh?: boolean } = {},
): Received {
  const chunks: Uint8Array[] = []
  const waiting = new Map<string, () => void>()
  let settle: (received: Received) => void
  const done = new Promise<Received>((resolve) => (settle = resolve))

  function note(event: string): void {
    if (event !== 'sent' && received.exchange === undefined) throw new Error(`${event} was told before start returned`)
    if (event !== 'data' || received.order.at(-1) !== 'data') received.order.push(event)
    waiting.get(event)?.()
  }

  function finish(event: string): void {
    received.body = Buffer.concat(chunks)
    received.text = new TextDecoder().decode(received.body)
    note(event)
    settle(received)
  }

  const received: Received = {
    order: [],
    sent: false,
    reused: undefined,
    status: undefined,
    headers: {},
    body: new Uint8Array(),
    text: '',
    error: undefined,
    exchange: undefined as unknown as Exchange,
    done,
    on: (event) =>
      received.order.includes(event) ? Promise.resolve() : new Promise((resolve) => waiting.set(event, resolve)),
  }
  received.exchange = transport.start(
    request,
    {
      onSent(reused) {
        received.sent = true
        received.reused = reused
        note('sent')
        hooks.onSent?.(reused)
      },
      onResent: () => note('resent'),
      onHeaders(status, headers) {
        received.status = status
        received.headers = headers
        note('headers')
        hooks.onHeaders?.(status, headers)
      },
      onData(chunk) {
        chunks.push(chunk)
        note('data')
        onData?.(chunk)
      },
      onEnd: () => finish('end'),
      onError(error) {
        received.error = error
        finish('error')
      },
    },
    fresh,
  )
  return received
}

/** Waits until `condition` holds; fails after `milliseconds`. */
export async function until(condition: () => boolean, milliseconds = 2_000): Promise<void> {
  const end = performance.now() + milliseconds
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not within ${milliseconds} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
