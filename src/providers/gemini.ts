import type { ProviderFactory } from '../vocabulary/provider.ts'
import { contentReader, parseContent, readRefusal } from './gemini-parse.ts'
import { contentBody } from './gemini-wire.ts'
import {
  COMMON_SETTINGS,
  checkSettings,
  credential,
  endpoints,
  headersOf,
  type ProviderSettings,
  providerFactory,
} from './settings.ts'

/** What `gemini` can be given; an absent member is looked up in the environment when a call is made. */
export interface GeminiSettings extends ProviderSettings {
  /** The version in the path. @defaultValue 'v1beta' */
  readonly apiVersion?: string | undefined
}

/**
 * Google's Gemini API. `gemini('gemini-2.5-flash')` reads GEMINI_API_KEY (or GOOGLE_API_KEY) and GOOGLE_GEMINI_BASE_URL (without a
 * version) when a call is made.
 *
 * `reasoningEffort` becomes a thinking level, on 2.5 models a thinking budget; thoughts are then asked for, too. There is no
 * `parallelToolCalls`.
 *
 * @throws TypeError for settings that cannot work
 */
export const gemini: ProviderFactory<GeminiSettings> = /* @__PURE__ */ providerFactory((settings: GeminiSettings) => {
  const name = 'gemini'
  checkSettings(name, settings, [...COMMON_SETTINGS, 'apiVersion'])
  const fallback = 'https://generativelanguage.googleapis.com'
  const locate = endpoints(name, settings.baseURL, 'GOOGLE_GEMINI_BASE_URL', fallback)
  const headers = headersOf(settings.headers)
  const version = settings.apiVersion ?? 'v1beta'
  return {
    name,
    prepare: (request) => {
      // An id with a slash names its collection: models/…, tunedModels/….
      const id = request.model.includes('/') ? request.model : `models/${request.model}`
      const path = id.split('/').map(encodeURIComponent).join('/')
      const url = locate(`/${version}/${path}:${request.stream ? 'streamGenerateContent' : 'generateContent'}`)
      return {
        url: request.stream ? `${url}${url.includes('?') ? '&' : '?'}alt=sse` : url,
        headers,
        body: contentBody(name, request, settings.maxTokens),
      }
    },
    parse: (body) => parseContent(name, body),
    streamReader: () => contentReader(name),
    classify: readRefusal,
    authorize: credential({
      provider: name,
      apiKey: settings.apiKey,
      variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
      required: true,
      headers: (key) => ({ 'x-goog-api-key': key }),
    }),
  }
})
