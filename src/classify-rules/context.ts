import type { Rule } from './rule.ts'

/** Prompts longer than the model's window. A 429 about tokens is a rate. */
export const CONTEXT: readonly Rule[] = [
  // OpenAI and its imitators, by name; Anthropic's stop reason as gateways forward it; LiteLLM.
  { seen: /^\w*context_?(?:length|window|size)_?(?:exceeded)?(?:_?error)?$/m, code: 'context_length' },
  // A sentence that says that the context is exceeded (OpenAI, SGLang, Ollama, Anthropic), or that names its size beside what was sent
  // (OpenAI, OpenRouter, vLLM "is only", Mistral, Fireworks). Proxies say it under a 413, TGI under a 422.
  {
    status: [0, 400, 403, 413, 422],
    seen: /exceed\w*,? (?:the |this |its )?(?:model'?s? )?(?:available |maximum |max )?context (?:size|length|window|limit)|context (?:length|size|window)(?: is| of|:)?(?: only)? \(?\d|\d maximum context length|context[_ ]window[_ ]?exceed/i,
    code: 'context_length',
  },
]
