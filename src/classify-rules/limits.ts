import type { Rule } from './rule.ts'

/** Statuses under which providers speak of money and allowances; under a 5xx the same words are about the server. */
const REFUSALS = [0, 400, 401, 402, 403, 412, 429]

/** Money, allowances, rates and load: what a 429 may mean, and what means it under other statuses. */
export const LIMITS: readonly Rule[] = [
  // OpenRouter, docs "errors": the one 402 that passes by itself, when the requests in flight have settled.
  { names: 'in_flight_budget_exhausted', code: 'rate_limit' },
  // OpenAI error codes guide and Codex plan limits; Anthropic errors page and enforced_spend_limit_reached; Moonshot error table; LiteLLM budgets;
  // Gemini ErrorInfo.reason; Alibaba Model Studio error codes; AWS service quotas.
  {
    names:
      'insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded project_spend_limit_exceeded ' +
      'organization_usage_limit_exceeded billing_hard_limit_reached billing_not_active billing_error enforced_spend_limit_reached ' +
      'exceeded_current_quota_error quota_exhausted budget_exceeded insufficient_user_quota insufficient_balance insufficient_credits ' +
      'insufficient_funds quota_exceeded usage_limit_reached usage_not_included arrearage allocationquota.freetieronly servicequotaexceededexception',
    code: 'quota_exceeded',
  },
  // Zhipu error codes: 1113 arrears, 1304 calls of a day, 1308 and 1310 plan limits, 1309 plan expired.
  { names: '#1113 #1304 #1308 #1309 #1310', code: 'quota_exceeded' },
  // Gemini: QuotaFailure names the day's quota; its RetryInfo is shorter than the day.
  { status: [0, 429], like: /perday/, code: 'quota_exceeded' },
  // Vertex names the metric in the text; a limit of 0 is no allowance at all (Gemini free tier).
  { status: [0, 429], names: 'resource_exhausted', text: /per_day|\blimit: 0\b/i, code: 'quota_exceeded' },
  // One request larger than the bucket never fits, however long one waits (OpenAI rate-limit guide; Groq also as a 413).
  {
    status: [0, 413, 429],
    text: /request (?:is )?too large\b.*(?:\blimit\b|per min|per day)/is,
    code: 'rate_limit',
    retryable: false,
  },
  {
    status: [0, 413, 429],
    exceeded: /\blimit:? ([\d,]+)\b.{0,80}\brequested:? ([\d,]+)/is,
    code: 'rate_limit',
    retryable: false,
  },
  // An allowance of a day or longer: GitHub Models, OpenRouter free models, Cohere trial keys, Ollama plans. OpenAI's and Groq's daily windows roll
  // and say when to come back: those are rates.
  {
    status: [0, 429],
    text: /(?:\b(?:per|by|a)|\/)[-_ ]*(?:day|week|month)\b|ByDay\b|per 86400 ?s|\b(?:daily|weekly|monthly) (?:\w+ ){0,2}(?:limit|quota)/i,
    notText: /(?:try again|retry) (?:in|after) [\d.]/i,
    code: 'quota_exceeded',
  },
  // OpenAI: exhausted prepaid credit. Gemini says the same of a per-minute rate, with RESOURCE_EXHAUSTED.
  {
    status: REFUSALS,
    text: /exceeded your current quota|insufficient_quota/i,
    notNames: 'resource_exhausted',
    code: 'quota_exceeded',
  },
  // Balances: Anthropic, DeepSeek, OpenRouter, Hugging Face, xAI, Gemini prepay.
  {
    status: REFUSALS,
    text: /credit balance is too low|(?:insufficient|not enough) (?:account )?(?:balance|credits?|funds)|(?:used|exceeded|run out of|exhausted) (?:all |your )?(?:available |monthly )?(?:included )?credits|credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)|have any credits|requires more credits/i,
    code: 'quota_exceeded',
  },
  // Limits that somebody set, and accounts that did not pay: Anthropic, xAI, Gemini, OpenRouter keys, LiteLLM budgets, Kimi and Mistral plans,
  // Fireworks and Moonshot suspensions, OpenAI inactive billing, Azure API Management call volume.
  {
    status: REFUSALS,
    text: /specified API usage limits|spend(?:ing)? (?:limit|cap)|key limit exceeded|budget has been exceeded|usage limit (?:has been |was )?(?:reached|exceeded)|usage limit for this|extra usage is required|suspended[^.]{0,80}(?:billing|invoice|payment|balance|limit)|not active, please check your billing|out of call volume quota/i,
    code: 'quota_exceeded',
  },
  // Load, by name: OpenAI and Anthropic error pages, Moonshot, Gemini ErrorInfo.reason, Groq flex processing, Mistral tiers, TGI error_type, llama.cpp,
  // Cerebras queue, Azure capacity, Bedrock, Zhipu 1305; Google's UNAVAILABLE is "temporarily overloaded or down".
  {
    names:
      'server_is_overloaded overloaded_error engine_overloaded_error engine_overloaded model_overloaded overloaded model_capacity_exhausted ' +
      'capacity_exceeded service_tier_capacity_exceeded over_capacity nocapacity queue_exceeded unavailable unavailable_error ' +
      'modelnotreadyexception serviceunavailableexception #1305',
    code: 'overloaded',
  },
  // Load, in words: Anthropic under a 500, Mistral's tiers under a 429, Gemini, Cerebras, Hugging Face and Ollama.
  {
    status: [0, 429, 498, 500, 502, 503, 529],
    text: /\boverloaded\b|capacity (?:temporarily )?exceeded|(?:at|over|out of|insufficient|no) capacity\b|high (?:demand|traffic)|(?:is currently|still) loading|loading model|server busy/i,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: Bedrock throttling under a 400, errors inside a stream.
  {
    status: [0, 400, 403, 413, 503],
    names:
      'rate_limit_error rate_limit_exceeded rate_limit_reached_error ratelimitreached ratelimitexceeded rate_limited too_many_requests ' +
      'throttlingexception throttling slow_down resource_exhausted #1302 #1303',
    code: 'rate_limit',
  },
]
