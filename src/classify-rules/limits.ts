import type { Rule } from './rule.ts'

/** Money, allowances, rates and load: what a 429 may mean, and what means it under other statuses. */
export const LIMITS: readonly Rule[] = [
  // OpenAI error codes guide and Codex plan limits; the names that Anthropic, Moonshot, Gemini's ErrorInfo.reason and LiteLLM give it
  // are built alike.
  {
    seen: /^(?:(?:insufficient|exceeded_current)_(?:user_)?(?:quota|balance|credits|funds)\w*|quota_\w+|credit_balance_\w+|\w+_(?:spend|usage)_limit_\w+|usage_limit_reached|usage_not_included|billing_\w+|budget_exceeded)$/m,
    code: 'quota_exceeded',
  },
  // One request larger than the bucket never fits, however long one waits (OpenAI rate-limit guide; Groq also as a 413).
  {
    status: [0, 413, 429],
    seen: /request (?:is )?too large\b.*(?:\blimit\b|per min|per day)|\blimit:? ([\d,]+)\b.{0,80}\brequested:? ([\d,]+)/i,
    code: 'rate_limit',
    retryable: false,
  },
  // OpenAI: exhausted prepaid credit, inactive billing. Gemini says the same of a per-minute rate, with RESOURCE_EXHAUSTED. Azure API
  // Management: call volume.
  {
    status: [0, 400, 401, 402, 403, 412, 429],
    seen: /exceeded your current quota|insufficient_quota|not active, please check your billing|out of call volume quota/i,
    notSeen: /^resource_exhausted$/m,
    code: 'quota_exceeded',
  },
  // Load, by name: OpenAI and Anthropic error pages, Azure capacity, Moonshot, Mistral's tiers, Groq flex, TGI error_type.
  { seen: /^(?:\w*overloaded|\w*overloaded_error|\w*capacity\w*)$/m, code: 'overloaded' },
  // Load, in words: OpenAI, Anthropic under a 500, Mistral's tiers under a 429, Gemini, Cerebras, Hugging Face and Ollama.
  {
    status: [0, 429, 498, 500, 502, 503, 529],
    seen: /\boverloaded\b|capacity (?:temporarily )?exceeded|(?:at|over|out of|insufficient|no) capacity\b|high (?:demand|traffic)|(?:is currently|still) loading|loading model|server busy/i,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: errors inside a stream, OpenAI's slow_down under a 503.
  {
    status: [0, 400, 403, 413, 503],
    seen: /^(?:rate_?limit\w*|too_many_requests|slow_down)$/m,
    code: 'rate_limit',
  },
]
