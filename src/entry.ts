import type { Client, ClientDefaults, Complete, Stream } from './client.ts'
import { defaultClient, replaceDefaultClient } from './default-client.ts'
import { openai } from './providers/openai.ts'
import type { Options } from './vocabulary/options.ts'
import type { Request } from './vocabulary/request.ts'

// The functions of an entry on its default client. Each by itself, so that a bundle has only those that are used.

type CreateClient = (defaults?: ClientDefaults) => Client

export function bindComplete(createClient: CreateClient): Complete {
  const make = maker(createClient)
  return ((request: Request, options?: Options) => defaultClient(make).complete(request, options)) as Complete
}

export function bindStream(createClient: CreateClient): Stream {
  const make = maker(createClient)
  return ((request: Request, options?: Options) => defaultClient(make).stream(request, options)) as Stream
}

export function bindSetDefaultClient(createClient: CreateClient): (client: Client) => Client {
  const make = maker(createClient)
  return (client) => replaceDefaultClient(client, make)
}

const maker = (createClient: CreateClient) => (): Client => createClient({ provider: openai })
