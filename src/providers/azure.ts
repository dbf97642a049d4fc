import type { ApiKey, Provider, ProviderFactory } from '../vocabulary/provider.ts'
import { OPENAI_DIALECT } from './openai.ts'
import { chatProvider } from './openai-compatible.ts'
import {
  checkSettings,
  credential,
  endpoint,
  environment,
  missing,
  type ProviderSettings,
  providerFactory,
} from './settings.ts'

/** What `azureOpenAI` can be given; an absent member is looked up in the environment when a call is made. */
export interface AzureOpenAISettings extends Omit<ProviderSettings, 'baseURL'> {
  /** The resource, such as https://my-resource.openai.azure.com. @defaultValue the variable AZURE_OPENAI_ENDPOINT */
  readonly endpoint?: string | URL | undefined
  /** A Microsoft Entra token, or a function that returns one, in place of `apiKey`: asked for every attempt. */
  readonly token?: ApiKey | undefined
  /**
   * A dated version, such as '2024-10-21', calls /openai/deployments/…; without one, or with 'preview', the undated /openai/v1/ is
   * called, which takes the deployment's name as the model. @defaultValue the variable OPENAI_API_VERSION, where it is set
   */
  readonly apiVersion?: string | undefined
}

/**
 * Azure OpenAI. `azureOpenAI('my-deployment')` reads AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and OPENAI_API_VERSION when a call is
 * made, and a missing one fails it with code `authentication`; `azureOpenAI({ endpoint, apiKey })('my-deployment')` has its own. The id
 * is the deployment's name.
 *
 * @throws TypeError for settings that cannot work
 */
export const azureOpenAI: ProviderFactory<AzureOpenAISettings> = /* @__PURE__ */ providerFactory(createAzure)

function createAzure(settings: AzureOpenAISettings): Provider {
  const name = 'azure'
  const known = ['endpoint', 'apiKey', 'token', 'apiVersion', 'headers', 'maxTokens']
  checkSettings('azureOpenAI', settings, known, ['apiKey', 'token'])
  if (settings.apiKey !== undefined && settings.token !== undefined) {
    throw new TypeError('azureOpenAI.apiKey and azureOpenAI.token exclude each other')
  }
  const variable = 'AZURE_OPENAI_ENDPOINT'
  const place = (path: string): string => {
    const base = settings.endpoint ?? environment(variable)
    if (base === undefined)
      throw missing(name, `no endpoint. Set ${variable}, or give endpoint in the provider's settings.`)
    // Copied from a portal or an SDK's settings, it may name the API already.
    return endpoint(
      String(base).replace(/\/openai(?:\/v1)?\/?$|\/openai\/deployments\/.*/, ''),
      path,
      settings.endpoint === undefined ? variable : 'azureOpenAI.endpoint',
    )
  }
  if (settings.endpoint !== undefined) place('')
  const token = settings.token
  return chatProvider({
    name,
    dialect: OPENAI_DIALECT,
    settings: { headers: settings.headers, maxTokens: settings.maxTokens },
    url: (request) => {
      const version = settings.apiVersion ?? environment('OPENAI_API_VERSION')
      const dated = version !== undefined && /^\d/.test(version)
      const url = place(
        dated
          ? `/openai/deployments/${encodeURIComponent(request.model)}/chat/completions`
          : '/openai/v1/chat/completions',
      )
      if (version === undefined || version === 'v1') return url
      return `${url}${url.includes('?') ? '&' : '?'}api-version=${encodeURIComponent(version)}`
    },
    authorize: credential({
      provider: name,
      apiKey: token ?? settings.apiKey,
      variables: ['AZURE_OPENAI_API_KEY'],
      required: true,
      headers: (key) => (token === undefined ? { 'api-key': key } : { authorization: `Bearer ${key}` }),
    }),
  })
}
