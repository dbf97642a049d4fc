import type { Rule } from './rule.ts'

/** Statuses under which providers speak of money and allowances; under a 5xx the same words are about the server. */
const MONEY = [0, 400, 401, 402, 403, 412, 429]

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
  // An allowance of a day or longer: GitHub Models, OpenRouter free models, Cohere trial keys, Ollama plans, Workers AI. OpenAI's and
  // Groq's daily windows roll and say when to come back: those are rates. A list of all windows does not say which one is full.
  {
    status: [0, 429],
    seen: /(?:\b(?:per|by|a)|\/)[-_ ]*(?:day|week|month)\b|ByDay\b|per 86400 ?s|\b(?:daily|weekly|monthly) (?:\w+ ){0,2}(?:limit|quota|allocation)/i,
    notSeen: /(?:try again|retry) (?:in|after) [\d.]|per (?:second|minute|hour)\b/i,
    code: 'quota_exceeded',
  },
  // OpenAI: exhausted prepaid credit, inactive billing. Gemini says the same of a per-minute rate, with RESOURCE_EXHAUSTED, which LiteLLM
  // quotes. Azure API Management: call volume. Copilot says two words.
  {
    status: MONEY,
    seen: /exceeded your current quota|insufficient_quota|not active, please check your billing|out of call volume quota|^quota exceeded\.?$/im,
    notSeen: /\bresource_exhausted\b|please retry in [\d.]/i,
    code: 'quota_exceeded',
  },
  // Balances: Anthropic, DeepSeek, OpenRouter, Hugging Face, xAI, Gemini prepay, SiliconFlow.
  {
    status: MONEY,
    seen: /credit balance is too low|(?:insufficient|not enough) (?:account )?(?:balance|credits?|funds)|balance is insufficient|(?:used|exceeded|run out of|exhausted) (?:all |your )?(?:available |monthly )?(?:included )?credits|credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)|have any credits|requires more credits/i,
    code: 'quota_exceeded',
  },
  // MiniMax reports an empty account as a failure of its server.
  { status: [500], seen: /insufficient balance \(1008\)/i, code: 'quota_exceeded' },
  // Limits that somebody set, and accounts that did not pay: Anthropic, xAI, Gemini, OpenRouter keys, LiteLLM budgets, Kimi, Mistral and
  // Ollama plans, Azure API Management's token quotas, Fireworks and Moonshot suspensions.
  {
    status: MONEY,
    seen: /specified API usage limits|spend(?:ing)? (?:limit|cap)|key limit exceeded|budget has been exceeded|exceeded(?:token)?budget|exceeded budget|over budget|token quota is exceeded|usage limit (?:has been |was )?(?:reached|exceeded)|reached your \w+ usage limit|usage limit for this|extra usage is required|out of extra usage|suspended[^.]{0,80}(?:billing|invoice|payment|balance|limit)/i,
    code: 'quota_exceeded',
  },
  // Load, by name: OpenAI and Anthropic error pages, Azure capacity, Moonshot, Mistral's tiers, Groq flex, TGI error_type.
  { seen: /^(?:\w*overloaded|\w*overloaded_error|\w*capacity\w*)$/m, code: 'overloaded' },
  // Load, in words: OpenAI, Anthropic under a 500, Mistral's tiers under a 429, Gemini, Cerebras, Hugging Face, Ollama and DeepSeek.
  {
    status: [0, 429, 498, 500, 502, 503, 529],
    seen: /\boverloaded\b|capacity (?:temporarily )?exceeded|(?:at|over|out of|insufficient|no) capacity\b|high (?:demand|traffic)|(?:is currently|still) loading|loading model|(?:server|service) (?:is )?(?:too )?busy/i,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: errors inside a stream, OpenAI's slow_down under a 503.
  {
    status: [0, 400, 403, 413, 503],
    seen: /^(?:rate_?limit\w*|too_many_requests|slow_down)$/m,
    code: 'rate_limit',
  },
]
