import type { DispatcherLike } from '../vocabulary/options.ts'
import { type Dispatch, fail, openForeignExchange } from './exchange.ts'
import type { Transport } from './transport.ts'

/**
 * The transport over a dispatcher that is not ours: undici 7 or later; an older one refuses our handler with UND_ERR_INVALID_ARG.
 * It tells nothing of its connections: `reused` is never true and `fresh` has no meaning, and it is never closed here.
 */
export function openDispatcherTransport(dispatcher: DispatcherLike): Transport {
  const dispatch: Dispatch = (options, exchange) => {
    const taken: unknown = dispatcher.dispatch(options, exchange)
    // An interceptor may be an async function, which signs, say.
    if (taken instanceof Promise) taken.catch((error: unknown) => fail(exchange, error))
  }
  return { start: (request, receiver) => openForeignExchange(dispatch, request, receiver), queues: true, close() {} }
}

/** Where undici 8 and its predecessors (Node's own among them) keep the dispatcher of the whole process. */
const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.2'), Symbol.for('undici.globalDispatcher.1')]

const known = new WeakMap<DispatcherLike, boolean>()

/**
 * The dispatcher that the host has set for the whole process, if it has; reading it creates none. An agent as undici makes it by
 * itself, without options, is nobody's wish: our own does the same and more.
 */
export function hostDispatcher(): DispatcherLike | undefined {
  for (const key of GLOBAL_DISPATCHERS) {
    const dispatcher = (globalThis as Record<symbol, unknown>)[key] as DispatcherLike | undefined
    if (dispatcher === undefined) continue
    let wished = known.get(dispatcher)
    if (wished === undefined) known.set(dispatcher, (wished = isWished(dispatcher)))
    if (wished) return dispatcher
  }
  return undefined
}

function isWished(dispatcher: DispatcherLike): boolean {
  const { constructor } = dispatcher
  // How undici 8 shows its dispatcher to older copies; the dispatcher itself stands under the newer key.
  if (constructor.name === 'Dispatcher1Wrapper') return false
  if (constructor.name !== 'Agent') return true
  // A composed agent is a proxy of its agent with a dispatch of its own.
  if (dispatcher.dispatch !== constructor.prototype.dispatch) return true
  // For an agent that trusts a company's certificates, say. The symbol is undici's own; without it the agent counts as plain.
  const symbol = Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === 'options')
  const options = symbol && (dispatcher as unknown as Record<symbol, object>)[symbol]
  return Object.entries(options ?? {}).some(([name, value]) => value !== undefined && name !== 'maxOrigins')
}
