import type { Rule } from './rule.ts'

/** Where a prompt that is too long is refused: Together uses 403, TGI 422, proxies 413. A 429 about tokens is a rate. */
const REFUSALS = [0, 400, 403, 413, 422]

/** The cap on the answer's length is a wrong parameter, not a prompt that is too long. */
const OUTPUT_CAP =
  /max(?:imum|_completion|_output|_new)?[_ ]tokens["'`]? (?:you requested|is too large|must be (?:less|between|at least|<|≤)|exceeds|cannot)|maximum output|at most \d+ (?:completion|output) tokens/i

/** Prompts longer than the model's window. */
export const CONTEXT: readonly Rule[] = [
  // OpenAI and its imitators; llama.cpp server; GitHub Models (413); Zhipu 1261; LiteLLM's exception, Anthropic's stop reason as gateways forward it.
  {
    names:
      'context_length_exceeded exceed_context_size_error context_window_exceeded model_context_window_exceeded prompt_too_long ' +
      'tokens_limit_reached contextwindowexceedederror #1261',
    code: 'context_length',
  },
  // Cerebras, as seen by the authors of several clients: an overflow is a 400 or 413 without a body.
  { provider: 'cerebras', status: [400, 413], empty: true, code: 'context_length' },
  // A sentence that names the context and says that it is exceeded; llama.cpp's older builds say it under a 500.
  {
    status: [...REFUSALS, 500],
    text: /exceed\w*,? (?:the |this |its )?(?:model'?s? )?(?:available |maximum |max )?context (?:size|length|window|limit)|ContextWindowExceededError|context_length_exceeded/i,
    code: 'context_length',
  },
  // OpenAI, vLLM, SGLang, Mistral, Fireworks, OpenRouter: "maximum context length is N"; vLLM "context length is only N".
  {
    status: REFUSALS,
    text: /context (?:length|size|window)(?: is| of|:)?(?: only)? \(?\d+|\d+ maximum context length|context window exceeds/i,
    code: 'context_length',
  },
  // LM Studio, Ollama, llama.cpp, SGLang: longer, greater or larger than the context; LM Studio's n_keep and n_ctx.
  {
    status: REFUSALS,
    text: /(?:longer|greater|larger|more) than (?:the |this )?(?:model'?s? )?(?:max(?:imum)? )?context|>= n_ctx/i,
    code: 'context_length',
  },
  // Anthropic "prompt is too long", Bedrock "Input is too long", Ollama, Fireworks, Zhipu "Prompt exceeds max length".
  {
    status: REFUSALS,
    text: /(?:prompt|input|conversation|messages?|request)s? (?:is|are|was)? ?too long(?! for (?:the )?field)|prompt exceeds max|input tokens? exceeded|too many input tokens/i,
    code: 'context_length',
  },
  // Gemini and Vertex "input token count exceeds", Copilot "prompt token count", Bedrock "number of input tokens exceeds".
  {
    status: REFUSALS,
    text: /(?:input|prompt|request(?:ed)?) (?:tokens?|token count)\b[^.]{0,60}(?:exceed|only supports|cannot exceed)/i,
    notText: OUTPUT_CAP,
    code: 'context_length',
  },
  // xAI "maximum prompt length is", Groq and Cerebras "reduce the length of", Moonshot "exceeded model token limit".
  {
    status: REFUSALS,
    text: /maximum (?:prompt|input) length|reduce the length of|exceeded model token limit|tokens in the prompt cannot exceed|input length and `?max_tokens`? exceed/i,
    code: 'context_length',
  },
  // TGI validation, also behind Together and Hugging Face; Alibaba Model Studio "Range of input length".
  {
    status: REFUSALS,
    text: /`inputs` (?:tokens \+|must have less)|range of input length/i,
    code: 'context_length',
  },
  // Others that count tokens of the whole request.
  {
    status: REFUSALS,
    text: /too many tokens|token limit exceeded|exceeds? the (?:token limit|limit of \d+ tokens|maximum number of (?:input )?tokens)/i,
    notText: OUTPUT_CAP,
    code: 'context_length',
  },
]
