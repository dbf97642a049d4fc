import type { Client } from './client.ts'

let current: Client | undefined

/** The client behind the bare `complete`; made when it is first needed. */
export function defaultClient(make: () => Client): Client {
  current ??= make()
  return current
}

/** Replaces the default client and returns the one before. */
export function replaceDefaultClient(client: Client, make: () => Client): Client {
  if (typeof client?.complete !== 'function')
    throw new TypeError('setDefaultClient needs a client made by createClient')
  const before = defaultClient(make)
  current = client
  return before
}
