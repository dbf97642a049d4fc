import type { DispatcherLike } from '../options.ts'
import { openExchange } from './exchange.ts'
import type { Transport } from './transport.ts'

/**
 * The transport over a dispatcher that is not ours: undici 7 or later; an older one refuses our handler with UND_ERR_INVALID_ARG.
 * It tells nothing of its connections: `reused` is never true and `fresh` has no meaning, and it is never closed here.
 */
export function openDispatcherTransport(dispatcher: DispatcherLike): Transport {
  return {
    start: (request, receiver) =>
      openExchange((options, exchange) => void dispatcher.dispatch(options, exchange), request, receiver),
    close() {},
  }
}

/** Where undici 8 and its predecessors (Node's own among them) keep the dispatcher of the whole process. */
const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.2'), Symbol.for('undici.globalDispatcher.1')]

/** What stands there when nobody has set anything, and the form in which undici 8 shows its dispatcher to older copies. */
const DEFAULTS: ReadonlySet<unknown> = new Set(['Agent', 'Dispatcher1Wrapper'])

/** The dispatcher that the host has set for the whole process, if it has; reading it creates none. */
export function hostDispatcher(): DispatcherLike | undefined {
  for (const key of GLOBAL_DISPATCHERS) {
    const dispatcher = (globalThis as Record<symbol, unknown>)[key] as DispatcherLike | undefined
    if (dispatcher !== undefined && !isDefault(dispatcher)) return dispatcher
  }
  return undefined
}

function isDefault(dispatcher: DispatcherLike): boolean {
  const { constructor } = dispatcher
  // A composed agent is a proxy of its agent with a dispatch of its own.
  return DEFAULTS.has(constructor?.name) && dispatcher.dispatch === constructor.prototype.dispatch
}
