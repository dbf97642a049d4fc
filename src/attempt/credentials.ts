import { checkHeaders, withoutNull } from '../base/check.ts'
import type { Call } from '../call/call.ts'
import { adopted, earlier, identity } from '../call/failure.ts'
import { CompletionError, isCompletionError } from '../vocabulary/errors.ts'
import type { AuthorizeContext, ProviderRequest } from '../vocabulary/provider.ts'

export type Credentials = Readonly<Record<string, string>> | undefined

/** Headers that carry a credential; a caller who sets one of them has taken the matter over. */
const OWN = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

const OPEN = Symbol('signal')

/**
 * A getter, so that no controller is made for a provider that does not look at the signal. One for all calls: V8 makes a hidden class
 * for every getter in a literal, and that class keeps the getter's whole call until the next full collection. A member of the context
 * itself, so that a provider which passes a copy on passes the signal on.
 */
const SIGNAL: PropertyDescriptor & ThisType<{ [OPEN]: () => AbortSignal }> = {
  enumerable: true,
  get() {
    return this[OPEN]()
  },
}

function contextOf(signal: () => AbortSignal, apiKey: string | undefined, rejected: boolean): AuthorizeContext {
  const context = { [OPEN]: signal, apiKey, rejected }
  return Object.defineProperty(context, 'signal', SIGNAL) as unknown as AuthorizeContext
}

/** Whether the caller has set a header that carries a credential. */
function carriesOwn(headers: Readonly<Record<string, string | null>>): boolean {
  for (const name in headers) if (typeof headers[name] === 'string' && OWN.includes(name)) return true
  return false
}

/**
 * Asks for the credential of an attempt: the call's own key first, then the provider. Answers at once where nobody has to be asked.
 * `rejected`: the one before was refused; undefined then means that nothing newer can be had.
 */
export function credentials(
  call: Call,
  signal: () => AbortSignal,
  rejected: boolean,
): Credentials | Promise<Credentials> {
  const { provider, settings, wire } = call
  const { apiKey, headers } = settings.layer
  if (!provider.authorize || carriesOwn(headers)) return rejected ? undefined : {}
  const authorize = (key: string | undefined): Credentials | Promise<Credentials> =>
    // Whoever has an authorize has made the request, too.
    provider.authorize?.(wire as ProviderRequest, contextOf(signal, key, rejected))
  try {
    if (typeof apiKey !== 'function') {
      if (rejected && apiKey !== undefined) return undefined
      return settled(call, authorize(apiKey))
    }
    const asked = apiKey({ signal: signal(), provider: provider.name })
    return typeof asked === 'string'
      ? settled(call, authorize(checkKey(asked)))
      : settled(
          call,
          Promise.resolve(asked).then((key) => authorize(checkKey(key))),
        )
  } catch (error) {
    throw refused(call, error)
  }
}

function settled(call: Call, headers: Credentials | Promise<Credentials>): Credentials | Promise<Credentials> {
  if (headers === undefined || typeof headers.then !== 'function') return checked(headers as Credentials)
  // Whatever has a `then`: a promise of another realm too.
  return Promise.resolve(headers)
    .then(checked)
    .catch((error: unknown) => {
      throw refused(call, error)
    })
}

let lastFrozen: Credentials
let lastChecked: Credentials

function checked(headers: Credentials): Credentials {
  if (!headers || headers === lastFrozen) return headers && lastChecked
  const good = withoutNull(checkHeaders('authorize()', headers))
  // Most calls have the credential of the one before; only what nobody can change is known to be good still.
  if (Object.isFrozen(headers)) {
    lastFrozen = headers
    lastChecked = good
  }
  return good
}

function checkKey(key: unknown): string {
  if (typeof key !== 'string' || key === '')
    throw new TypeError('the apiKey function gave no key: it must return a non-empty string')
  checkHeaders('options', { apiKey: key })
  return key
}

/** Whoever was asked for a credential failed: that is its own kind of trouble, whatever was thrown. */
function refused(call: Call, error: unknown): unknown {
  if (isCompletionError(error)) return adopted(call, error)
  const sent = call.lastError ? 'No further request was sent' : 'No request was sent'
  return new CompletionError({
    ...identity(call),
    ...earlier(call),
    code: 'authentication',
    message: `authentication: could not get a credential for ${call.provider.name} (the cause is beneath). ${sent}.`,
    cause: error,
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** The headers as they are sent: the provider's, then the credential, then the caller's own over both. */
export function sentHeaders(call: Call, given: Credentials): Record<string, string> {
  const { headers, idempotencyKey } = call.settings.layer
  const all: Record<string, string> = { ...(call.wire.method ? undefined : JSON_TYPE), ...call.wire.headers, ...given }
  if (idempotencyKey !== undefined) all['idempotency-key'] = idempotencyKey
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') all[name] = value
    else delete all[name]
  }
  return all
}
