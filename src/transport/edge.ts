import type { FetchLike } from '../vocabulary/options.ts'
import { openFetchTransport } from './fetch.ts'
import type { Transport, Transports } from './transport.ts'

/** The transports where there is no undici: the host's fetch, or a given one. */
export function openFetchTransports(): Transports {
  const host = openFetchTransport('global')
  const given = new WeakMap<FetchLike, Transport>()

  return {
    pick(choice) {
      if (choice.dispatcher !== undefined)
        throw new TypeError('dispatcher: this runtime has no undici; give `fetch` instead')
      if (typeof choice.proxy === 'string' && choice.proxy !== 'env') {
        throw new TypeError('proxy: this runtime connects by itself; give a `fetch` that uses the proxy instead')
      }
      const { fetch } = choice
      if (fetch === undefined || fetch === 'global') return host
      let transport = given.get(fetch)
      if (transport === undefined) given.set(fetch, (transport = openFetchTransport(fetch)))
      return transport
    },
    close() {},
  }
}
