import type { ApiKey, ProviderFactory } from '../vocabulary/provider.ts'
import { messageReader, parseMessage } from './anthropic-parse.ts'
import { messagesBody } from './anthropic-wire.ts'
import { readOtherWords } from './other-words.ts'
import {
  COMMON_SETTINGS,
  checkSettings,
  credential,
  endpoints,
  environment,
  headersOf,
  type ProviderSettings,
  providerFactory,
} from './settings.ts'

/** What `anthropic` can be given; an absent member is looked up in the environment when a call is made. */
export interface AnthropicSettings extends ProviderSettings {
  /** Sent as a bearer token in place of `apiKey`. @defaultValue the variable ANTHROPIC_AUTH_TOKEN, where there is no key */
  readonly authToken?: ApiKey | undefined
}

/**
 * Anthropic's Messages. `anthropic('claude-sonnet-4-5')` reads ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL (without /v1) when a call is
 * made. The wire demands a token limit: a request without one is sent with 8_192, or with the `maxTokens` setting.
 *
 * `reasoningEffort` becomes adaptive thinking with `output_config.effort`; on models up to 4.5 a thinking budget of a quarter (low), a
 * half (medium) or three quarters (high) of the token limit, 1_024 tokens for minimal, and nothing where the limit is too small for
 * that. `output` becomes `output_config.format`, and an instruction on models without it. There is no `seed`.
 *
 * @throws TypeError for settings that cannot work
 */
export const anthropic: ProviderFactory<AnthropicSettings> = /* @__PURE__ */ providerFactory(
  (settings: AnthropicSettings) => {
    const name = 'anthropic'
    checkSettings(name, settings, [...COMMON_SETTINGS, 'authToken'], ['apiKey', 'authToken'])
    if (settings.apiKey !== undefined && settings.authToken !== undefined)
      throw new TypeError('anthropic.apiKey and anthropic.authToken exclude each other: keep one of them')
    const locate = endpoints(name, settings.baseURL, 'ANTHROPIC_BASE_URL', 'https://api.anthropic.com')
    const headers = headersOf({ 'anthropic-version': '2023-06-01' }, settings.headers)
    const byKey = credential({
      provider: name,
      apiKey: settings.apiKey,
      variables: ['ANTHROPIC_API_KEY'],
      required: true,
      headers: (key) => ({ 'x-api-key': key }),
    })
    const byToken = credential({
      provider: name,
      apiKey: settings.authToken,
      variables: ['ANTHROPIC_AUTH_TOKEN'],
      required: true,
      headers: (key) => ({ authorization: `Bearer ${key}` }),
    })
    return {
      name,
      prepare: (request) => ({
        url: locate('/v1/messages'),
        headers,
        body: messagesBody(name, request, settings.maxTokens),
      }),
      parse: (body) => parseMessage(name, body),
      streamReader: () => messageReader(name),
      classify: readOtherWords,
      authorize: (request, context) => {
        const token =
          context.apiKey === undefined &&
          settings.apiKey === undefined &&
          (settings.authToken !== undefined ||
            (!environment('ANTHROPIC_API_KEY') && environment('ANTHROPIC_AUTH_TOKEN')))
        return (token ? byToken : byKey)(request, context)
      },
    }
  },
)
