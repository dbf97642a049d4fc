import { AsyncLocalStorage } from 'node:async_hooks'
import type { Receiver } from './transport.ts'

/**
 * A receiver that is told everything in the async context of now, where it asks for that: undici calls back in the context of whoever
 * made the connection, which is another call's. Only where code of the caller's own may look, for it adds a fifth to what a call allocates.
 */
export function inOwnContext(receiver: Receiver): Receiver {
  if (!receiver.runsOwnCode) return receiver
  const run = AsyncLocalStorage.snapshot()
  return {
    onSent: (reused) => run(() => receiver.onSent(reused)),
    onResent: () => run(() => receiver.onResent()),
    onHeaders: (status, headers) => run(() => receiver.onHeaders(status, headers)),
    onData: (chunk) => run(() => receiver.onData(chunk)),
    onEnd: () => run(() => receiver.onEnd()),
    onError: (error) => run(() => receiver.onError(error)),
  }
}
