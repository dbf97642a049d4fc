import { checkHeaders, withoutNull } from '../base/check.ts'
import type { Provider, ProviderRequest } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'

/**
 * What a provider makes of a request, its header names in lower case, as the caller's own are: so one name is one header. Throws what
 * the provider throws for a request that it cannot express.
 */
export function prepare(provider: Provider, request: ResolvedRequest): ProviderRequest {
  const wire = provider.prepare(request)
  // A provider without types may give none.
  const { headers }: Partial<ProviderRequest> = wire
  for (const name in headers) {
    if (name !== name.toLowerCase() || typeof headers[name] !== 'string') return { ...wire, headers: checked(headers) }
  }
  return headers ? wire : { ...wire, headers: {} }
}

function checked(headers: ProviderRequest['headers']): ProviderRequest['headers'] {
  // A number is written as it would be in a template.
  const written = Object.entries(headers as Readonly<Record<string, unknown>>).map(([name, value]) => [
    name,
    typeof value === 'number' ? String(value) : value,
  ])
  return withoutNull(checkHeaders('the headers of prepare()', Object.fromEntries(written) as typeof headers))
}
