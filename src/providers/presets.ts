import type { Provider, ProviderFactory } from '../vocabulary/provider.ts'
import type { Dialect } from './dialect.ts'
import { chatProvider, chatSettings } from './openai-compatible.ts'
import { readOtherWords } from './other-words.ts'
import { checkSettings, type ProviderSettings, providerFactory } from './settings.ts'

/** What a preset takes; a member of Dialect goes over the preset's own. */
export interface PresetSettings extends ProviderSettings, Dialect {}

/** A server that speaks Chat Completions, as data. */
interface Preset extends Dialect {
  readonly name: string
  readonly baseURL: string
  readonly baseURLVariable?: string
  /** The path of a base URL that names a host alone, as the provider's own SDK takes it. */
  readonly prefix?: string
  readonly keyVariables: readonly string[]
  /** @defaultValue true */
  readonly keyRequired?: boolean
  readonly classify?: Provider['classify']
}

function preset(data: Preset): ProviderFactory<PresetSettings> {
  return providerFactory((settings: PresetSettings) => {
    checkSettings(data.name, settings, chatSettings())
    const { baseURL, baseURLVariable, prefix, keyVariables, keyRequired = true, name, classify } = data
    return chatProvider({
      name,
      dialect: overlaid(data, settings),
      settings,
      baseURL,
      baseURLVariable,
      prefix,
      keyVariables,
      keyRequired,
      classify,
    })
  })
}

/** The preset with the settings over it; an undefined one is absent. */
function overlaid(data: Dialect, settings: Dialect): Dialect {
  return { ...data, ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) }
}

/** Groq, by GROQ_API_KEY and GROQ_BASE_URL. */
export const groq: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'groq',
  baseURL: 'https://api.groq.com',
  prefix: '/openai/v1',
  baseURLVariable: 'GROQ_BASE_URL',
  keyVariables: ['GROQ_API_KEY'],
  maxTokensField: 'max_completion_tokens',
  streamUsage: true,
})

/** Mistral, by MISTRAL_API_KEY. It refuses fields that it does not know, `stream_options` among them, and reports usage unasked. */
export const mistral: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'mistral',
  baseURL: 'https://api.mistral.ai',
  prefix: '/v1',
  keyVariables: ['MISTRAL_API_KEY'],
  seedField: 'random_seed',
  shortCallIds: true,
})

/** DeepSeek, by DEEPSEEK_API_KEY. It has no JSON Schema mode, and wants its reasoning back between a call and its result. */
export const deepseek: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'deepseek',
  baseURL: 'https://api.deepseek.com',
  keyVariables: ['DEEPSEEK_API_KEY'],
  streamUsage: true,
  outputMode: 'json_object',
  reasoningField: 'reasoning_content',
  flatText: true,
})

/** xAI, by XAI_API_KEY. */
export const xai: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'xai',
  baseURL: 'https://api.x.ai/v1',
  keyVariables: ['XAI_API_KEY'],
  streamUsage: true,
})

/** Together, by TOGETHER_API_KEY (or TOGETHER_AI_API_KEY) and TOGETHER_BASE_URL. */
export const together: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'together',
  baseURL: 'https://api.together.xyz/v1',
  baseURLVariable: 'TOGETHER_BASE_URL',
  keyVariables: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  streamUsage: true,
})

/** Fireworks, by FIREWORKS_API_KEY and FIREWORKS_BASE_URL. */
export const fireworks: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'fireworks',
  baseURL: 'https://api.fireworks.ai/inference/v1',
  baseURLVariable: 'FIREWORKS_BASE_URL',
  keyVariables: ['FIREWORKS_API_KEY'],
  streamUsage: true,
})

/** OpenRouter, by OPENROUTER_API_KEY and OPENROUTER_BASE_URL. Reasoning details go back to it as they came. */
export const openrouter: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'openrouter',
  baseURL: 'https://openrouter.ai/api/v1',
  baseURLVariable: 'OPENROUTER_BASE_URL',
  keyVariables: ['OPENROUTER_API_KEY'],
  streamUsage: true,
  reasoningField: 'reasoning',
  fileURLs: true,
})

/** Perplexity, by PERPLEXITY_API_KEY or PPLX_API_KEY. Usage comes with every event, unasked. */
export const perplexity: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'perplexity',
  baseURL: 'https://api.perplexity.ai',
  keyVariables: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
})

/** Cerebras, by CEREBRAS_API_KEY and CEREBRAS_BASE_URL. */
export const cerebras: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'cerebras',
  // As the authors of several clients found (pi-mono): a prompt that is too long is a 400 or 413 without a body.
  classify: (failure) =>
    failure.body === '' && (failure.status === 400 || failure.status === 413)
      ? { code: 'context_length', retryable: false }
      : readOtherWords(failure),
  baseURL: 'https://api.cerebras.ai',
  prefix: '/v1',
  baseURLVariable: 'CEREBRAS_BASE_URL',
  keyVariables: ['CEREBRAS_API_KEY'],
  maxTokensField: 'max_completion_tokens',
  streamUsage: true,
  flatText: true,
})

/** Moonshot (Kimi), by MOONSHOT_API_KEY. It wants its reasoning back between a call and its result. */
export const moonshot: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'moonshot',
  baseURL: 'https://api.moonshot.ai/v1',
  keyVariables: ['MOONSHOT_API_KEY'],
  streamUsage: true,
  outputMode: 'json_object',
  reasoningField: 'reasoning_content',
})

/** Alibaba's Qwen, by DASHSCOPE_API_KEY; DASHSCOPE_BASE_URL chooses another region. */
export const qwen: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'qwen',
  baseURL: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  baseURLVariable: 'DASHSCOPE_BASE_URL',
  keyVariables: ['DASHSCOPE_API_KEY'],
  streamUsage: true,
  outputMode: 'json_object',
})

/** Zhipu (GLM), by ZHIPUAI_API_KEY or ZAI_API_KEY. */
export const zhipu: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'zhipu',
  baseURL: 'https://open.bigmodel.cn/api/paas/v4',
  keyVariables: ['ZHIPUAI_API_KEY', 'ZAI_API_KEY'],
  outputMode: 'json_object',
})

/** Hugging Face's router, by HF_TOKEN. */
export const huggingface: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'huggingface',
  baseURL: 'https://router.huggingface.co/v1',
  keyVariables: ['HF_TOKEN'],
  streamUsage: true,
})

/** A local Ollama, or where OLLAMA_BASE_URL points; OLLAMA_API_KEY where it asks for one. */
export const ollama: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'ollama',
  baseURL: 'http://localhost:11434',
  prefix: '/v1',
  baseURLVariable: 'OLLAMA_BASE_URL',
  keyVariables: ['OLLAMA_API_KEY'],
  keyRequired: false,
  streamUsage: true,
})

/** A vLLM server, or where VLLM_BASE_URL points; VLLM_API_KEY where it asks for one. */
export const vllm: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'vllm',
  baseURL: 'http://localhost:8000',
  prefix: '/v1',
  baseURLVariable: 'VLLM_BASE_URL',
  keyVariables: ['VLLM_API_KEY'],
  keyRequired: false,
  streamUsage: true,
})

/** LM Studio's server, or where LMSTUDIO_BASE_URL points; LMSTUDIO_API_KEY where it asks for one. */
export const lmstudio: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'lmstudio',
  baseURL: 'http://localhost:1234',
  prefix: '/v1',
  baseURLVariable: 'LMSTUDIO_BASE_URL',
  keyVariables: ['LMSTUDIO_API_KEY'],
  keyRequired: false,
  streamUsage: true,
})

/** A llama.cpp server, or where LLAMACPP_BASE_URL points; LLAMA_API_KEY where it asks for one. */
export const llamacpp: ProviderFactory<PresetSettings> = /* @__PURE__ */ preset({
  name: 'llamacpp',
  baseURL: 'http://localhost:8080',
  prefix: '/v1',
  baseURLVariable: 'LLAMACPP_BASE_URL',
  keyVariables: ['LLAMA_API_KEY'],
  keyRequired: false,
  streamUsage: true,
})
