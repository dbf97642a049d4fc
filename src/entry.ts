import { bindCreateClient, type Client, type ClientDefaults } from './client.ts'
import { defaultClient, replaceDefaultClient } from './default-client.ts'
import type { Options } from './options.ts'
import { openai } from './providers/openai.ts'
import type { Request } from './request.ts'
import type { Completion } from './result.ts'
import type { CompletionStream } from './stream-handle.ts'
import type { Transports } from './transport/transport.ts'

/** The functions of an entry, bound to the transports of its runtime. */
export interface Entry {
  readonly createClient: (defaults?: ClientDefaults) => Client
  readonly complete: (request: Request, options?: Options) => Promise<Completion>
  readonly stream: (request: Request, options?: Options) => CompletionStream
  readonly setDefaultClient: (client: Client) => Client
}

export function bindEntry(openTransports: () => Transports): Entry {
  const createClient = bindCreateClient(openTransports)
  const make = (): Client => createClient({ provider: openai })
  return {
    createClient,
    complete: (request, options) => defaultClient(make).complete(request, options),
    stream: (request, options) => defaultClient(make).stream(request, options),
    setDefaultClient: (client) => replaceDefaultClient(client, make),
  }
}
