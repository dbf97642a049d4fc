import type { HeaderBag } from '../vocabulary/header-bag.ts'

/** OpenAI and most; Anthropic; Azure API Management; AWS; Mistral's gateway. */
const NAMES = [
  'x-request-id',
  'request-id',
  'apim-request-id',
  'x-amzn-requestid',
  'x-correlation-id',
  'x-kong-request-id',
]

/** The id under which the provider's support finds a request. */
export function requestIdOf(headers: HeaderBag): string | undefined {
  for (const name of NAMES) if (headers[name]) return headers[name]
  return undefined
}
