import type { Provider, ProviderRequest } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'

/**
 * What a provider makes of a request, its header names in lower case, as the caller's own are: so one name is one header. Throws what
 * the provider throws for a request that it cannot express.
 */
export function prepare(provider: Provider, request: ResolvedRequest): ProviderRequest {
  const wire = provider.prepare(request)
  for (const name in wire.headers) if (name !== name.toLowerCase()) return { ...wire, headers: lowered(wire.headers) }
  return wire
}

function lowered(headers: ProviderRequest['headers']): ProviderRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
