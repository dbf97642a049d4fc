import { afterTurn } from '../base/turn.ts'
import type { DispatcherLike, FetchLike } from '../vocabulary/options.ts'
import { hostDispatcher, openDispatcherTransport } from './dispatcher.ts'
import { defer } from './exchange.ts'
import { openFetchTransport } from './fetch.ts'
import { NODE_ERRORS } from './node-errors.ts'
import { proxyRoute } from './proxy.ts'
import { proxyFromEnvironment } from './proxy-environment.ts'
import type { Transport, Transports } from './transport.ts'
import { openUndiciTransport } from './undici.ts'

/**
 * The transports of a client on Node. In this order: the call's `fetch`, its `dispatcher`, its `proxy`, a dispatcher that the host has
 * set for the whole process, the environment's proxy, and connections of our own. An `'env'` that somebody has written is a `proxy`.
 */
export function openNodeTransports(): Transports {
  const direct = openUndiciTransport()
  const environment = openEnvironmentTransport()
  const host = openFetchTransport('global')
  const fetches = new WeakMap<FetchLike, Transport>()
  const dispatchers = new WeakMap<DispatcherLike, Transport>()
  const proxies = new Map<string, Transport>()

  function openEnvironmentTransport(): Transport {
    let asked: URL | undefined
    let named: string | undefined
    const forget = (): void => {
      asked = undefined
    }
    return {
      start(request, receiver, fresh) {
        // Calls come in bursts, and a look at a variable is a call into the system: so once in a turn of the event loop.
        if (request.url !== asked) {
          if (asked === undefined) afterTurn(forget)
          asked = request.url
          named = proxyFromEnvironment(asked, process.env)
        }
        if (named === undefined) return direct.start(request, receiver, fresh)
        let transport: Transport
        try {
          transport = throughProxy(named, request.url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
        } catch (error) {
          return failing(error, receiver)
        }
        return transport.start(request, receiver, fresh)
      },
      close() {},
    }
  }

  function throughProxy(named: string, option: string): Transport {
    const transport = kept(proxies, named, () => openUndiciTransport(proxyRoute(parseProxy(named, option))))
    // The one asked for last is the youngest. What is forgotten is not closed: a call may be under way on it, or wait to try again,
    // and its idle connections end by themselves.
    proxies.delete(named)
    proxies.set(named, transport)
    for (const [oldest] of proxies) if (proxies.size > MOST_PROXIES) proxies.delete(oldest)
    return transport
  }

  return {
    errors: NODE_ERRORS,
    pick({ fetch, dispatcher, proxy }) {
      if (fetch === 'global') return host
      if (fetch !== undefined) return kept(fetches, fetch, openFetchTransport)
      if (dispatcher !== undefined) return kept(dispatchers, dispatcher, openDispatcherTransport)
      if (proxy === false) return direct
      if (proxy === 'env') return environment
      if (proxy !== undefined) return throughProxy(proxy, 'proxy')
      const set = hostDispatcher()
      return set === undefined ? environment : kept(dispatchers, set, openDispatcherTransport)
    },
    close() {
      direct.close()
      for (const transport of proxies.values()) transport.close()
    },
  }
}

/** A proxy's URL may hold a tenant's credential, and a client may serve any number of tenants. */
const MOST_PROXIES = 100

interface Store<Key> {
  get(key: Key): Transport | undefined
  set(key: Key, transport: Transport): unknown
}

function kept<Key>(store: Store<Key>, key: Key, open: (key: Key) => Transport): Transport {
  let transport = store.get(key)
  if (transport === undefined) store.set(key, (transport = open(key)))
  return transport
}

/** The value is not in the message: it may hold a password. */
function parseProxy(named: string, option: string): URL {
  // curl's habit, which environments rely on: a proxy without a scheme is an HTTP proxy.
  const url = URL.parse(named.includes('://') ? named : `http://${named}`)
  if (url === null || !decodable(url)) throw new TypeError(`${option}: not a URL`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`${option}: ${url.protocol}// proxies are not supported, only http:// and https://`)
  }
  return url
}

/** A lone % in a name or a password, say. */
function decodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

function failing(error: unknown, receiver: { onError(error: unknown): void }): ReturnType<Transport['start']> {
  let cancelled = false
  defer(() => {
    if (!cancelled) receiver.onError(error)
  })
  return {
    pause() {},
    resume() {},
    cancel() {
      cancelled = true
    },
  }
}
