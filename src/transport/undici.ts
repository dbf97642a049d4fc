import type { buildConnector, Dispatcher, Agent as UndiciAgent, Client as UndiciClient } from 'undici'
import buildConnect from 'undici/lib/core/connect.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import Client from 'undici/lib/dispatcher/client.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { type Connection, type DispatchExchange, type Framing, openExchange } from './exchange.ts'
import type { Transport } from './transport.ts'

export { buildConnect }

/** Makes a connection and can be told to stop: `destroy` ends it, whatever it is waiting for. */
export type Connect = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
) => { destroy(error: Error): void }

/** How requests reach their origin. */
export interface Route extends Framing {
  readonly connect: Connect
}

const CLIENT_OPTIONS = {
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 4_000,
  // A server's hint is believed up to here; load balancers drop idle connections earlier than the servers behind them promise.
  keepAliveMaxTimeout: 20_000,
} as const

/** undici's connector with its timer off: the call's own `connect` limit is exact, and cancelling destroys the socket. */
function directConnect(): Connect {
  return buildConnect({ timeout: 0 })
}

/**
 * HTTP/1.1 and HTTP/2 over connections of our own. Nothing is opened before the first request; an idle connection keeps no process alive.
 *
 * undici pools the connections; what is added here is the knowledge of which connection serves which exchange, so that one that is
 * still being made ends with the exchange it is made for, and so that a request is known to have left on a used connection.
 */
export function openUndiciTransport(route: Route = { connect: directConnect() }): Transport {
  const connecting = new Set<Link>()
  const single = new Set<UndiciClient>()
  let agent: UndiciAgent | undefined
  let closed = false

  function openAgent(): UndiciAgent {
    const opened = new Agent({
      factory: (origin) => new Pool(origin, { connect: route.connect, factory: openClient }),
    })
    if (closed) void opened.destroy()
    return opened
  }

  function openClient(origin: string | URL): UndiciClient {
    const link = openLink(route.connect, connecting)
    const client: UndiciClient = new Client(origin, { ...CLIENT_OPTIONS, connect: link.connect })
    const dispatchToClient = client.dispatch
    // The pool hands every exchange to its client here, also one that has waited in its queue and been cancelled meanwhile.
    client.dispatch = (options, handler) => {
      const exchange = handler as DispatchExchange
      if (exchange.settled) return true
      exchange.connection = link
      exchange.waiting = true
      link.waiting++
      return dispatchToClient.call(client, options, handler)
    }
    return client
  }

  function dispatch(options: Dispatcher.DispatchOptions, exchange: DispatchExchange): void {
    agent ??= openAgent()
    agent.dispatch(options, exchange)
  }

  function dispatchOnce(options: Dispatcher.DispatchOptions, exchange: DispatchExchange): void {
    const client = openClient(options.origin as string)
    if (closed) void client.destroy()
    single.add(client)
    client.dispatch(options, exchange)
    // It finishes what it has and takes nothing more.
    client.close(() => single.delete(client))
  }

  return {
    start(request, receiver, fresh) {
      return openExchange(fresh ? dispatchOnce : dispatch, request, receiver, route)
    },
    close() {
      closed = true
      void agent?.destroy()
      for (const client of single) void client.destroy()
      for (const link of connecting) link.stop()
    },
  }
}

/** One client's connection: made, lost and made again in the client's life. */
interface Link extends Connection {
  readonly connect: (options: buildConnector.Options, callback: buildConnector.Callback) => void
  /** How many exchanges the client has taken and not yet begun to send. Counted, since a Set that lives long burdens the collector. */
  waiting: number
  stop(): void
}

function openLink(connect: Connect, connecting: Set<Link>): Link {
  let requests = 0
  let socket: ReturnType<Connect> | undefined
  // An exchange may leave more than once, and HTTP/2 may begin one twice.
  const unwait = (exchange: DispatchExchange): void => {
    if (exchange.waiting) link.waiting--
    exchange.waiting = false
  }
  const link: Link = {
    waiting: 0,
    connect(options, callback) {
      requests = 0
      connecting.add(link)
      socket = connect(options, (...result) => {
        socket = undefined
        connecting.delete(link)
        callback(...result)
      })
    },
    begin(exchange) {
      unwait(exchange)
      return requests++ > 0
    },
    leave(exchange) {
      unwait(exchange)
      if (link.waiting === 0) link.stop()
    },
    used: () => requests > 0,
    stop() {
      // With an error, for a bare destroy says nothing to the client, which would wait for ever.
      socket?.destroy(new Error('Nobody waits for this connection any more'))
    },
  }
  return link
}
