import { openUndiciTransport } from './undici.ts'
import type { Transport, Transports } from './transport.ts'

/** The transports of a client on Node. */
export function openNodeTransports(): Transports {
  const own: Transport = openUndiciTransport()
  return { pick: () => own, close: () => own.close() }
}
