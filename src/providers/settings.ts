import { checkHeaders, checkSetHeaders, fail, rejectUnknown } from '../base/check.ts'
import { CompletionError } from '../vocabulary/errors.ts'
import type {
  ApiKey,
  AuthorizeContext,
  Model,
  ModelFactory,
  Provider,
  ProviderFactory,
  ProviderRequest,
} from '../vocabulary/provider.ts'

/** What every provider can be given. */
export interface ProviderSettings {
  /** A key, or a function asked for one at every attempt and once more after a 401. @defaultValue the provider's environment variable */
  readonly apiKey?: ApiKey | undefined
  /** What the provider's own SDK takes. @defaultValue the provider's environment variable, else its public endpoint */
  readonly baseURL?: string | URL | undefined
  /** Sent with every request; a call's own headers go over them. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** The token limit of requests that name none. @defaultValue none; 8_192 where the wire demands one (Anthropic) */
  readonly maxTokens?: number | undefined
}

/** The names of ProviderSettings, for `checkSettings`. */
export const COMMON_SETTINGS = ['apiKey', 'baseURL', 'headers', 'maxTokens'] as const

/** Refuses settings that could only fail later. `known` are the names that the provider takes, `keys` those of a key. */
export function checkSettings(
  provider: string,
  settings: ProviderSettings,
  known: readonly string[],
  keys: readonly string[] = ['apiKey'],
): void {
  if (Object(settings) !== settings) throw new TypeError(`${provider} takes a model id or an object of settings`)
  rejectUnknown(provider, settings, new Set(known))
  const { headers, maxTokens = 1 } = settings
  for (const name of keys) {
    const key = (settings as Readonly<Record<string, unknown>>)[name]
    if (key === '' || !['undefined', 'string', 'function'].includes(typeof key))
      fail(`${provider}.${name}`, undefined, 'a non-empty string, or a function that returns one')
  }
  if (!(Number.isInteger(maxTokens) && maxTokens > 0))
    fail(`${provider}.maxTokens`, maxTokens, 'a whole number above 0')
  if (headers !== undefined) checkSetHeaders(`${provider}.headers`, headers)
  // Whatever is a string here becomes part of the request's head.
  checkHeaders(provider, Object.fromEntries(Object.entries(settings).filter(([, value]) => typeof value === 'string')))
}

/** A variable of the environment, where there is one: read when it is needed, so that what a host sets late is seen. */
export function environment(name: string | undefined): string | undefined {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process
  return (name && host?.env?.[name]?.trim()) || undefined
}

/**
 * The URL of `path` below a base URL, whose query is kept; a slash at the end is the same as none. Where the base names a host and no
 * path, `prefix` is its path.
 */
export function endpoint(base: string | URL, path: string, field: string, prefix = ''): string {
  let url: URL | undefined
  try {
    url = new URL(base)
  } catch {
    // No URL at all: the same complaint.
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${field} must be an absolute URL that begins with http:// or https://`)
  }
  if (url.username || url.password) throw new TypeError(`${field} must not hold credentials: give apiKey or headers`)
  url.pathname = (url.pathname === '/' ? prefix : url.pathname.replace(/\/+$/, '')) + path
  url.hash = ''
  return url.href
}

/** Where a provider listens: the setting, the environment variable, the public endpoint. The last URL built is kept. */
export function endpoints(
  provider: string,
  setting: string | URL | undefined,
  variable: string | undefined,
  fallback: string,
  prefix?: string,
): (path: string) => string {
  if (setting !== undefined) endpoint(setting, '', `${provider}.baseURL`)
  let last: { readonly base: string; readonly path: string; readonly url: string } | undefined
  return (path) => {
    const base = String(setting ?? environment(variable) ?? fallback)
    if (last?.path !== path || last.base !== base) {
      const field = setting === undefined ? `${variable}` : `${provider}.baseURL`
      last = { base, path, url: endpoint(base, path, field, prefix) }
    }
    return last.url
  }
}

/** Headers with their names in lower case, over those that every request of ours has. */
export function headersOf(...layers: (ProviderSettings['headers'] | undefined)[]): Readonly<Record<string, string>> {
  const merged: Record<string, string> = { 'content-type': 'application/json' }
  for (const layer of layers) {
    for (const name in layer) {
      const value = layer[name]
      if (typeof value === 'string') merged[name.toLowerCase()] = value
    }
  }
  return merged
}

export interface CredentialRules {
  readonly provider: string
  readonly apiKey: ApiKey | undefined
  /** The conventional environment variables; the first one that is set holds. */
  readonly variables: readonly string[]
  /** False where the server may run without one. */
  readonly required: boolean
  /** How the wire carries it. */
  readonly headers: (key: string) => Readonly<Record<string, string>>
  /** What goes with the environment's key, and with no other. */
  readonly beside?: (() => Readonly<Record<string, string>>) | undefined
}

const NONE: Readonly<Record<string, string>> = {}

/** `authorize` for a key: the call's, else the provider's setting, else the environment's. */
export function credential(rules: CredentialRules): NonNullable<Provider['authorize']> {
  const { provider, apiKey, variables, required } = rules
  let lastKey: string | undefined
  let lastHeaders = NONE
  let lastBeside = ''
  const carry = (key: unknown, beside = NONE): Readonly<Record<string, string>> => {
    if (typeof key !== 'string' || key === '') throw missing(provider, 'the function that gives it returned none.')
    const others = beside === NONE ? '' : JSON.stringify(beside)
    if (key !== lastKey || others !== lastBeside) {
      lastHeaders = Object.freeze({ ...rules.headers(key), ...beside })
      lastKey = key
      lastBeside = others
    }
    return lastHeaders
  }
  return (_request: ProviderRequest, context: AuthorizeContext) => {
    if (context.apiKey !== undefined) return carry(context.apiKey)
    if (typeof apiKey === 'function') {
      const given = apiKey({ signal: context.signal, provider })
      return typeof given === 'string' ? carry(given) : Promise.resolve(given).then((key) => carry(key))
    }
    if (context.rejected) return undefined
    let key = apiKey
    for (let i = 0; key === undefined && i < variables.length; i++) key = environment(variables[i])
    if (key !== undefined) return carry(key, apiKey === undefined ? rules.beside?.() : NONE)
    if (!required) return NONE
    const remedy = variables.length ? `Set ${variables.join(' or ')}, or give` : 'Give'
    throw missing(provider, `no API key. ${remedy} apiKey in the provider's settings or the call's options.`)
  }
}

/** The error of a call that lacks what its provider is to be reached with. */
export function missing(provider: string, what: string): CompletionError {
  return new CompletionError({ code: 'authentication', message: `authentication: ${provider}: ${what}`, provider })
}

/** A factory that makes models of one provider. */
export function modelFactory(provider: Provider): ModelFactory {
  return (id): Model => {
    if (typeof id !== 'string' || id === '') fail(`${provider.name}: a model id`, id, 'a non-empty string')
    return { id, provider }
  }
}

/** An exported provider: `create` runs once for all models that the environment configures, and once per settings object. */
export function providerFactory<Settings extends object>(
  create: (settings: Settings) => Provider,
): ProviderFactory<Settings> {
  let shared: ModelFactory | undefined
  function factory(id: string): Model
  function factory(settings: Settings): ModelFactory
  function factory(given: string | Settings): Model | ModelFactory {
    if (typeof given !== 'string') return modelFactory(create(given))
    shared ??= modelFactory(create({} as Settings))
    return shared(given)
  }
  return factory
}
