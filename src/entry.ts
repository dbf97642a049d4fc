import { bindCreateClient, type Client, type ClientDefaults, type Complete, type Stream } from './client.ts'
import { defaultClient, replaceDefaultClient } from './default-client.ts'
import type { Options } from './options.ts'
import { openai } from './providers/openai.ts'
import type { Request } from './request.ts'
import type { Transports } from './transport/transport.ts'

/** The functions of an entry, bound to the transports of its runtime. */
export interface Entry {
  readonly createClient: (defaults?: ClientDefaults) => Client
  readonly complete: Complete
  readonly stream: Stream
  readonly setDefaultClient: (client: Client) => Client
}

export function bindEntry(openTransports: () => Transports): Entry {
  const createClient = bindCreateClient(openTransports)
  const make = (): Client => createClient({ provider: openai })
  return {
    createClient,
    complete: ((request: Request, options?: Options) => defaultClient(make).complete(request, options)) as Complete,
    stream: ((request: Request, options?: Options) => defaultClient(make).stream(request, options)) as Stream,
    setDefaultClient: (client) => replaceDefaultClient(client, make),
  }
}
