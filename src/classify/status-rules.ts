import type { Code } from '../vocabulary/errors.ts'
import type { Verdict } from '../vocabulary/provider.ts'

/** Which codes are worth a further attempt, where no rule says otherwise. */
const RETRYABLE: ReadonlySet<Code> = new Set([
  'network',
  'rate_limit',
  'overloaded',
  'server_error',
  'invalid_response',
  'timeout',
])

/** What a status means by itself (RFC 9110 and the gateways' own numbers); the 4xx that are not here are invalid requests. */
const BY_STATUS: Readonly<Record<number, Code>> = {
  401: 'authentication',
  402: 'quota_exceeded',
  403: 'permission',
  404: 'not_found',
  407: 'authentication',
  408: 'server_error',
  409: 'server_error',
  410: 'not_found',
  // A dependency failed: Bedrock's model errors, TGI's generation errors, gateways.
  424: 'server_error',
  425: 'server_error',
  429: 'rate_limit',
  // Portkey's and WSO2's guardrails.
  446: 'content_filter',
  451: 'permission',
  // Groq's flex tier.
  498: 'overloaded',
  // The provider's side closed the request (nginx, Cohere, gemini-cli retries it).
  499: 'server_error',
  // Anthropic.
  529: 'overloaded',
}

export function verdict(code: Code): Verdict {
  return { code, retryable: RETRYABLE.has(code) }
}

/** What a status means where nothing else is known; 0 is an error inside a 200 that does not say. */
export function readStatus(status: number): Verdict {
  const known = BY_STATUS[status]
  if (known !== undefined) return verdict(known)
  if (status >= 500 || status === 0) return verdict('server_error')
  if (status >= 300) return verdict('invalid_request')
  // 1xx and the other 2xx carry no completion.
  return verdict('invalid_response')
}
