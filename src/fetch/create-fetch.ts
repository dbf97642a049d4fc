import { fail, rejectUnknown } from '../base/check.ts'
import { type HostOptions, openHost } from '../call/call-host.ts'
import { BARE, layOver, resolveSettings, type Settings } from '../call/resolve-options.ts'
import type { ThrownRule, Transports } from '../transport/transport.ts'
import type { Code } from '../vocabulary/errors.ts'
import { OPTION_NAMES } from '../vocabulary/names.ts'
import type { Options } from '../vocabulary/options.ts'
import { fetchThrough } from './fetch-call.ts'
import { type RequestHead, readHead } from './request-head.ts'

/** How the requests of a `createFetch` behave: the options of a call that make sense for a request which somebody else has written. */
export interface FetchOptions
  extends Pick<
      Options,
      | 'timeout'
      | 'deadline'
      | 'signal'
      | 'detached'
      | 'retry'
      | 'headers'
      | 'fetch'
      | 'dispatcher'
      | 'proxy'
      | 'maxResponseBytes'
      | 'metadata'
      | 'onEvent'
    >,
    HostOptions {}

/** Options of a call that a fetch cannot have, and what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  apiKey: 'give the key to the SDK, which sends it; or set it in `headers`',
  wire: 'the request itself says whether it asks for a stream',
  rawEvents: 'the body of the Response is what the provider sent',
  idempotencyKey: 'one key for every request would make them one: set the header on the single request',
  provider: 'the URL of the request says who is asked',
  model: 'the body of the request says which model is asked',
  fallbacks: 'a fetch sends the request that it was given, and no other',
}

/** What a fetch may throw; what else goes wrong before there is a response is the network's trouble. */
const THROWN: ReadonlySet<Code> = new Set(['timeout', 'aborted', 'network', 'invalid_response'])

function thrownAsNetwork(transports: Transports): Transports {
  const errors = transports.errors?.map(
    ([pattern, what, code, ...more]): ThrownRule => [pattern, what, THROWN.has(code) ? code : 'network', ...more],
  )
  return { ...transports, ...(errors && { errors }) }
}

/** Makes the `createFetch` of an entry, which knows the transports of its runtime. */
export function bindCreateFetch(openTransports: () => Transports): (options?: FetchOptions) => typeof fetch {
  return (options = {}) => {
    if (typeof options !== 'object' || options === null) fail('createFetch: options', options, 'an object')
    for (const [name, remedy] of Object.entries(INSTEAD)) {
      if ((options as Record<string, unknown>)[name] !== undefined)
        throw new TypeError(`createFetch: ${name} is no option of a fetch: ${remedy}`)
    }
    // Here and not above, where a bundle of `unwrapError` alone would have to keep it.
    rejectUnknown('options', options, new Set([...OPTION_NAMES, 'clock', 'random']))
    const { clock, random, ...own } = options
    const layer = layOver(BARE, own)
    const host = openHost({ clock, random }, thrownAsNetwork(openTransports()), 'options')
    const settings = resolveSettings(layer)
    const settingsOf = (head: RequestHead): Settings => {
      const { signal, dispatcher, body } = head
      const given = signal || dispatcher ? resolveSettings(layOver(layer, { signal, dispatcher }, 'fetch')) : settings
      // A stream can be sent once.
      const once = typeof body === 'object' && 'getReader' in body
      return once ? { ...given, policy: undefined } : given
    }
    return async (input, init) => {
      const head = readHead(input, init)
      return fetchThrough(host, settingsOf(head), head)
    }
  }
}
