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
  const secret = named.flatMap(([name, value]) => (value !== null && SECRET_NAME.test(name) ? [value] : []))
  return [...Object.values(call.credentials), ...call.pastCredentials, ...secret, passwordOf(call.settings.layer.proxy)]
}

function passwordOf(proxy: Call['settings']['layer']['proxy']): string {
  const text = String(proxy)
  return URL.canParse(text) ? new URL(text).password : ''
}

/** By whole words: neither `x-portkey-provider` nor `x-assigned-team` holds one. */
const SECRET_NAME =
  /(?:^|[-_])(?:auth(?!ors?(?:$|[-_]))\w*|(?!portkey)\w*key|\w*token|cookie|\w*secret|sig(?:nature)?|pass(?:word|wd|phrase|code)|pwd|cred\w*)(?=$|[-_])/i

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
    for (const name in own) if (SECRET_NAME.test(name) && repeats(own[name])) return undefined
  for (const name in credentials) if (repeats(credentials[name])) return undefined
  if (pastCredentials.some(repeats)) return undefined
  return id
}
