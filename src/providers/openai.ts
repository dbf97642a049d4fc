import type { ProviderFactory } from '../vocabulary/provider.ts'
import type { Dialect } from './dialect.ts'
import { chatProvider } from './openai-compatible.ts'
import { COMMON_SETTINGS, checkSettings, type ProviderSettings, providerFactory } from './settings.ts'

/** What `openai` can be given; an absent member is looked up in the environment when a call is made. */
export interface OpenAISettings extends ProviderSettings {
  /** Sent as OpenAI-Organization. @defaultValue the variable OPENAI_ORG_ID, where the key is the environment's, too */
  readonly organization?: string | undefined
  /** Sent as OpenAI-Project. @defaultValue the variable OPENAI_PROJECT_ID, where the key is the environment's, too */
  readonly project?: string | undefined
}

/** OpenAI's own endpoint, and Azure's, which runs the same code. */
export const OPENAI_DIALECT: Dialect = {
  maxTokensField: 'max_completion_tokens',
  streamUsage: true,
  developerRole: true,
  strictOutput: true,
}

/**
 * OpenAI's Chat Completions. `openai('gpt-5-mini')` reads OPENAI_API_KEY and OPENAI_BASE_URL when a call is made; a missing key fails
 * the call with code `authentication`. `openai({ apiKey, baseURL })('gpt-5-mini')` has its own.
 *
 * @throws TypeError for settings that cannot work
 */
export const openai: ProviderFactory<OpenAISettings> = /* @__PURE__ */ providerFactory((settings: OpenAISettings) => {
  const name = 'openai'
  checkSettings(name, settings, [...COMMON_SETTINGS, 'organization', 'project'])
  const { organization, project } = settings
  return chatProvider({
    name,
    dialect: OPENAI_DIALECT,
    settings,
    baseURL: 'https://api.openai.com/v1',
    baseURLVariable: 'OPENAI_BASE_URL',
    keyVariables: ['OPENAI_API_KEY'],
    keyRequired: true,
    headers: {
      ...(organization && { 'openai-organization': organization }),
      ...(project && { 'openai-project': project }),
    },
    hostHeaders: { 'openai-organization': 'OPENAI_ORG_ID', 'openai-project': 'OPENAI_PROJECT_ID' },
  })
})
