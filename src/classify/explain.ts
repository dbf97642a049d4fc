import type { Code } from '../vocabulary/errors.ts'

/** What a message is made of. Everything in it may be shown. */
export interface Explained {
  readonly code: Code
  readonly provider: string
  /** What happened, in our words; without it the status says so. */
  readonly what?: string | undefined
  readonly status?: number | undefined
  readonly providerCode?: string | undefined
  readonly providerMessage?: string | undefined
  readonly html?: boolean | undefined
  readonly baseURL?: string | undefined
  /** Where a redirect wanted to go; empty where it did not say. */
  readonly location?: string | undefined
  /** An answer has come, though no good one. */
  readonly came?: boolean | undefined
  /** One request is larger than the limit. */
  readonly tooLarge?: boolean | undefined
}

const ADVICE: Readonly<Partial<Record<Code, string>>> = {
  network: 'Check the network and the baseURL.',
  rate_limit: 'Send less at a time, or ask for a higher limit.',
  quota_exceeded: "Check the account's credit, billing and spending limits.",
  overloaded: 'Try again later, or ask another model.',
  server_error: 'Try again later.',
  authentication: 'Check the API key.',
  permission: 'Check what the API key and the account are allowed to use.',
  not_found: 'Check the model and the baseURL.',
  invalid_request: 'Correct the request.',
  context_length: 'Shorten the messages or lower maxTokens.',
  content_filter: "The provider's content filter refused it; change the messages.",
}

const LONGEST_QUOTE = 300

/** Writes a failure for a human: what happened, what the provider said, what to do. */
export function explain(seen: Explained): string {
  const { code, provider, status, providerCode, providerMessage } = seen
  const happened =
    seen.what ?? (status === undefined ? 'answered with an error in a 200 response' : `answered ${status}`)
  const named = providerCode === undefined ? '' : ` (${providerCode})`
  const quoted = providerMessage?.replace(/\s+/g, ' ')
  const quote = quoted ? `: "${quoted.length > LONGEST_QUOTE ? `${quoted.slice(0, LONGEST_QUOTE)}…` : quoted}"` : ''
  const advice = advise(seen)
  return `${code}: ${provider}${seen.what === undefined ? ' ' : ': '}${happened}${named}${quote || '.'}${advice && ` ${advice}`}`
}

function advise(seen: Explained): string {
  if (seen.location !== undefined) {
    const origin = originOf(seen.location)
    return `Redirects are not followed; set baseURL to the API's address${origin === undefined ? '' : ` on ${origin}`}.`
  }
  if (seen.html)
    return `This is a web page: check that the baseURL${seen.baseURL ? ` (${seen.baseURL})` : ''} is the API's, and any proxy.`
  if (seen.tooLarge) return 'This request alone is larger than the limit; make it smaller.'
  // A proxy's credentials are not the provider's.
  if (seen.code === 'authentication' && (seen.what !== undefined || seen.status === 407))
    return "Check the user and the password in the proxy's URL."
  // A model's own refusal.
  if (seen.code === 'content_filter' && seen.what !== undefined) return 'Change the messages.'
  if (seen.code === 'invalid_response') return seen.came ? 'What came is in partial and response.' : ''
  return ADVICE[seen.code] ?? ''
}

/** Scheme and host alone: a redirect's user info, path and query may carry credentials. */
function originOf(location: string): string | undefined {
  const origin = /^(https?:)?\/\/(?:[^/?#@]*@)?([^/?#@\s]+)/i.exec(location)
  return origin?.[2] === undefined ? undefined : `${origin[1] ?? 'https:'}//${origin[2]}`
}
