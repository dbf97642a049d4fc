import type { Rule } from './rule.ts'

/** Where a prompt that is too long is refused: Together uses 403, TGI 422, proxies 413. A 429 about tokens is a rate. */
const REFUSALS = [0, 400, 403, 413, 422]

/** The cap on the answer's length is a wrong parameter and not a prompt that is too long. */
const OUTPUT_CAP =
  /max(?:imum|_completion|_output|_new)?[_ ]tokens["'`]? (?:you requested|is too large|must be|exceeds|cannot)|maximum output|at most \d+ (?:completion|output) tokens/i

/** Prompts longer than the model's window. */
export const CONTEXT: readonly Rule[] = [
  // OpenAI and its imitators; llama.cpp server; GitHub Models; Anthropic's stop reason as gateways forward it; LiteLLM; Zhipu 1261.
  {
    names:
      'context_length_exceeded exceed_context_size_error context_window_exceeded model_context_window_exceeded prompt_too_long ' +
      'tokens_limit_reached contextwindowexceedederror #1261',
    code: 'context_length',
  },
  // Cerebras, as the authors of several clients found (pi-mono): an overflow is a 400 or 413 without a body.
  { provider: 'cerebras', status: [400, 413], empty: true, code: 'context_length' },
  // A sentence that says that the context is exceeded: OpenAI, SGLang, Ollama, Anthropic; llama.cpp's older builds under a 500.
  {
    status: [...REFUSALS, 500],
    text: /exceed\w*,? (?:the |this |its )?(?:model'?s? )?(?:available |maximum |max )?context (?:size|length|window|limit)|ContextWindowExceededError|context[_ ]length[_ ]exceeded/i,
    code: 'context_length',
  },
  // The context's size beside what was sent: OpenAI, OpenRouter, vLLM "is only", Mistral, Fireworks; MiniMax.
  {
    status: REFUSALS,
    text: /context (?:length|size|window)(?: is| of|:)?(?: only)? \(?\d|\d maximum context length|context window exceeds/i,
    code: 'context_length',
  },
  // Longer, greater or larger than the context: LM Studio, Ollama, llama.cpp, SGLang, vLLM, Together; LM Studio's n_keep and n_ctx.
  {
    status: REFUSALS,
    text: /(?:(?:longer|greater|larger|more) than|must be less than) (?:the |this )?(?:model'?s? )?(?:max(?:imum)? )?(?:context|model) (?:length|size|window)|>= n_ctx/i,
    code: 'context_length',
  },
  // Anthropic "prompt is too long", Bedrock "Input is too long" and "Input Tokens Exceeded", Ollama, Fireworks, Zhipu.
  {
    status: REFUSALS,
    text: /(?:prompt|input|conversation|messages?|request)s? (?:is |are |was )?too long|prompt exceeds max|input tokens? exceeded|too many input tokens/i,
    notText: OUTPUT_CAP,
    code: 'context_length',
  },
  // Tokens that were counted: Gemini, Vertex, Copilot, Bedrock.
  {
    status: REFUSALS,
    text: /(?:input|prompt|request(?:ed)?) (?:tokens?|token count)\b[^.]{0,60}(?:exceed|only supports)/i,
    notText: OUTPUT_CAP,
    code: 'context_length',
  },
  // xAI "maximum prompt length", Groq and Cerebras "reduce the length of", Moonshot, Cohere, Anthropic with max_tokens, Poolside.
  {
    status: REFUSALS,
    text: /maximum (?:allowed )?(?:prompt|input) length|reduce the length of|exceeded model token limit|tokens in the prompt cannot exceed|input length and `?max_tokens`? exceed/i,
    code: 'context_length',
  },
  // TGI validation, also behind Hugging Face and Together; Alibaba Model Studio.
  {
    status: REFUSALS,
    text: /`inputs` (?:tokens \+|must have less)|range of input length/i,
    code: 'context_length',
  },
  // Cohere and others that only say that it is too much.
  {
    status: REFUSALS,
    text: /too many tokens|token limit exceeded|exceeds? the (?:token limit|maximum number of (?:input )?tokens)/i,
    notText: OUTPUT_CAP,
    code: 'context_length',
  },
]
