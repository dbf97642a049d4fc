import { SHORTEST_SECRET } from '../classify/redact.ts'
import { requestIdOf } from '../classify/request-id.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import type { Call } from './call.ts'

/** Everything that may not be shown: the credential, and what the names of headers and query fields say is one. */
export function secretsOf(call: Call): string[] {
  const named = [
    ...Object.entries(call.settings.layer.headers),
    ...Object.entries(call.wire.headers),
    ...call.url.searchParams.entries(),
  ]
  const secret = named.flatMap(([name, value]) => (value !== null && isSecretName(name) ? [value] : []))
  const carried = Object.entries(call.credentials).flatMap(([name, value]) => (PUBLIC.has(name) ? [] : [value]))
  return [...carried, ...call.pastCredentials, ...secret, passwordOf(call.settings.layer.proxy)]
}

function passwordOf(proxy: Call['settings']['layer']['proxy']): string {
  const text = String(proxy)
  return URL.canParse(text) ? new URL(text).password : ''
}

/** What goes with a credential, and OpenAI's own words name it. */
const PUBLIC = new Set(['openai-organization', 'openai-project'])

const SECRET = /auth|key|token|cookie|secret|sig|pass|cred/i
/** Words that hold one of those and are none. */
const HARMLESS = /portkey|assign|design|signal|author(?!i)|pass-?through/gi

const isSecretName = (name: string): boolean => SECRET.test(name.replace(HARMLESS, ''))

/** The id, unless a server that repeats what it was sent has put the credential there. */
export function shownRequestId(
  { credentials, pastCredentials, settings, wire }: Call,
  headers: HeaderBag,
): string | undefined {
  const id = requestIdOf(headers)
  if (id === undefined) return undefined
  const repeats = (value: string | null | undefined): boolean => {
    const secret = value ? value.slice(value.indexOf(' ') + 1) : ''
    return secret.length >= SHORTEST_SECRET && id.includes(secret)
  }
  for (const own of [settings.layer.headers, wire.headers])
    for (const name in own) if (isSecretName(name) && repeats(own[name])) return undefined
  for (const name in credentials) if (repeats(credentials[name])) return undefined
  if (pastCredentials.some(repeats)) return undefined
  return id
}
