import type { Rule } from './rule.ts'

/** Where a prompt that is too long is refused: Together uses 403, TGI 422, proxies 413. A 429 about tokens is a rate. */
const TOO_LONG = [0, 400, 403, 413, 422]

/** The cap on the answer's length is a wrong parameter and not a prompt that is too long. */
const OUTPUT_CAP =
  /max(?:imum|_completion|_output|_new)?[_ ]tokens["'`]? (?:you requested|is too large|must be|exceeds|cannot)|maximum output|at most \d+ (?:completion|output) tokens/i

/** Prompts longer than the model's window. */
export const CONTEXT: readonly Rule[] = [
  // OpenAI and its imitators, by name; Anthropic's stop reason as gateways forward it; LiteLLM.
  { seen: /^\w*context_?(?:length|window|size)_?(?:exceeded)?(?:_?error)?$/m, code: 'context_length' },
  // A sentence that says that the context is exceeded (OpenAI, SGLang, Ollama, Anthropic), or that names its size beside what was sent
  // (OpenAI, OpenRouter, vLLM "is only", Mistral, Fireworks); SiliconFlow; vLLM, where the prompt leaves less than nothing to the answer;
  // Snowflake.
  {
    status: TOO_LONG,
    seen: /exceed\w*,? (?:the |this |its )?(?:model'?s? )?(?:available |maximum |max )?context (?:size|length|window|limit)|context (?:length|size|window)(?: is| of|:)?(?: only)? \(?\d|\d maximum context length|context[_ ]window[_ ]?exceed|context (?:size|length|window) (?:has been |was |is )?exceeded|must be less than (?:or equal to )?max_(?:seq_len|total_tokens)|max_tokens must be at least 1, got -\d|max tokens of \d+ exceeded/i,
    code: 'context_length',
  },
  // Longer, greater or larger than the context: LM Studio, Ollama, llama.cpp, SGLang, vLLM, Together; LM Studio's n_keep and n_ctx;
  // MiniMax. xAI "maximum prompt length", Groq and Cerebras "reduce the length of", Moonshot, Cohere, Anthropic with max_tokens,
  // Poolside. TGI validation, also behind Hugging Face and Together; Alibaba Model Studio.
  {
    status: TOO_LONG,
    seen: /(?:(?:longer|greater|larger|more) than|must be less than) (?:the |this )?(?:model'?s? )?(?:max(?:imum)? )?(?:context|model) (?:length|size|window)|>= n_ctx|context window exceeds|maximum (?:allowed )?(?:prompt|input) length|reduce the length of|exceeded model token limit|exceed max message tokens|tokens in request more than|tokens in the prompt cannot exceed|input length and `?max_tokens`? exceed|`inputs` (?:tokens \+|must have less)|range of input length/i,
    code: 'context_length',
  },
  // Anthropic "prompt is too long", Bedrock "Input is too long" and "Input Tokens Exceeded", Ollama, Fireworks, Zhipu. Tokens that were
  // counted: Gemini, Vertex, Copilot, Bedrock. Cohere and others that only say that it is too much.
  {
    status: TOO_LONG,
    seen: /(?:prompt|input|conversation|messages?|request)s? (?:is |are |was )?too long|prompt exceeds max|input tokens? exceeded|too many (?:input )?tokens|(?:input|prompt|request(?:ed)?) (?:tokens?|token count)\b[^.]{0,60}(?:exceed|only supports)|token limit exceeded|exceeds? the (?:token limit|maximum number of (?:input )?tokens)/i,
    notSeen: OUTPUT_CAP,
    code: 'context_length',
  },
  // llama.cpp says it under a 500.
  {
    status: [500],
    seen: /exceed\w* (?:the )?(?:available )?context (?:size|length|window)|context (?:size|length|window) (?:has been |was |is )?exceeded/i,
    code: 'context_length',
  },
]
