import { fail } from '../base/check.ts'
import { YOUNG } from '../base/young.ts'
import type { ModelFactory, Provider, ProviderRequest } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import type { Dialect } from './dialect.ts'
import { parseChat } from './openai-parse.ts'
import { chatReader } from './openai-stream.ts'
import { chatBody } from './openai-wire.ts'
import { readOtherWords } from './other-words.ts'
import {
  COMMON_SETTINGS,
  checkSettings,
  credential,
  endpoints,
  environment,
  headersOf,
  modelFactory,
  type ProviderSettings,
} from './settings.ts'

/** A server that speaks Chat Completions: where it is and what it does otherwise. */
export interface OpenAICompatibleSettings extends ProviderSettings, Dialect {
  /** Appears on completions, errors and events, and keys what travels back to the provider. */
  readonly name: string
  /** With its version, usually `/v1`. */
  readonly baseURL: string | URL
}

/** Every member of Dialect, as settings are checked by name. */
const DIALECT: Readonly<Record<keyof Dialect, true>> = {
  maxTokensField: true,
  seedField: true,
  streamUsage: true,
  developerRole: true,
  outputMode: true,
  strictOutput: true,
  reasoningField: true,
  shortCallIds: true,
  flatText: true,
  fileURLs: true,
  noFinishReason: true,
}

/** The names of the settings that every Chat Completions provider takes. */
export function chatSettings(): string[] {
  return [...COMMON_SETTINGS, ...Object.keys(DIALECT)]
}

/** Models of a server that speaks OpenAI's Chat Completions. Without `apiKey` it is called without one. */
export function openaiCompatible(settings: OpenAICompatibleSettings): ModelFactory {
  const name = settings?.name
  if (typeof name !== 'string' || name === '') fail('openaiCompatible.name', name, 'a non-empty string')
  checkSettings(name, settings, ['name', ...chatSettings()])
  if (settings.baseURL === undefined) fail(`${name}.baseURL`, undefined, 'given: the URL with its version, usually /v1')
  return modelFactory(chatProvider({ name, dialect: settings, settings }))
}

/** What makes a Chat Completions provider. */
export interface ChatRules {
  readonly name: string
  readonly dialect: Dialect
  readonly settings: ProviderSettings
  /** Used where neither the settings nor the environment say another. */
  readonly baseURL?: string | undefined
  readonly baseURLVariable?: string | undefined
  /** The path of a base URL that names a host alone. */
  readonly prefix?: string | undefined
  readonly keyVariables?: readonly string[] | undefined
  readonly keyRequired?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Variables of the host's that go, as these headers, with the host's key and with no other. */
  readonly hostHeaders?: Readonly<Record<string, string>> | undefined
  /** In place of the base URL's /chat/completions (Azure). */
  readonly url?: ((request: ResolvedRequest) => string) | undefined
  /** In place of a bearer token. */
  readonly authorize?: Provider['authorize']
  /** What its failures mean, where that is more than what gateways pass on of other vendors'. */
  readonly classify?: Provider['classify']
}

/** The variables that are set, as headers, but for those that are given. */
function ofHost(
  variables: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const header in variables) {
    const value = environment(variables[header])
    if (value && !(header in given)) found[header] = value
  }
  return found
}

/** The provider that those rules make. */
export function chatProvider(rules: ChatRules): Provider {
  const { name, dialect, settings, hostHeaders } = rules
  const locate = endpoints(name, settings.baseURL, rules.baseURLVariable, rules.baseURL ?? '', rules.prefix)
  const url = rules.url ?? (() => locate('/chat/completions'))
  const headers = headersOf(rules.headers, settings.headers)
  return {
    name,
    prepare: (request): ProviderRequest => ({
      ...YOUNG,
      url: url(request),
      headers,
      body: chatBody(name, request, dialect, settings.maxTokens),
    }),
    parse: (body) => parseChat(name, body, dialect),
    streamReader: () => chatReader(name),
    // Any server on this wire may be a gateway, and pass on the words of the vendor behind it.
    classify: rules.classify ?? readOtherWords,
    authorize:
      rules.authorize ??
      credential({
        provider: name,
        apiKey: settings.apiKey,
        variables: rules.keyVariables ?? [],
        required: rules.keyRequired ?? false,
        headers: (key) => ({ authorization: `Bearer ${key}` }),
        beside: hostHeaders && (() => ofHost(hostHeaders, headers)),
      }),
  }
}
