import type { Rule } from './rule.ts'

/** Statuses under which providers speak of money and allowances; under a 5xx the same words are about the server. */
const REFUSALS = [0, 400, 401, 402, 403, 412, 429]

/** Money, allowances, rates and load: what a 429 may mean, and what means it under other statuses. */
export const LIMITS: readonly Rule[] = [
  // OpenRouter, docs "errors": the one 402 that passes by itself, when the requests in flight have settled.
  { names: 'in_flight_budget_exhausted', code: 'rate_limit' },
  // OpenAI error codes guide; Anthropic errors page (billing_error) and enforced_spend_limit_reached; Moonshot error table; LiteLLM budgets;
  // Gemini ErrorInfo.reason (gemini-cli googleQuotaErrors); Alibaba Model Studio error codes; GitHub Copilot and ChatGPT plan limits.
  {
    names:
      'insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded project_spend_limit_exceeded ' +
      'organization_usage_limit_exceeded billing_hard_limit_reached billing_not_active billing_error enforced_spend_limit_reached ' +
      'exceeded_current_quota_error quota_exhausted budget_exceeded insufficient_user_quota insufficient_balance insufficient_credits ' +
      'quota_exceeded usage_limit_reached usage_limit_exceeded arrearage allocationquota.freetieronly servicequotaexceededexception',
    code: 'quota_exceeded',
  },
  // Zhipu error codes: 1113 arrears, 1304 daily calls, 1308 and 1310 plan limits, 1309 plan expired.
  { names: '#1113 #1304 #1308 #1309 #1310', code: 'quota_exceeded' },
  // Gemini and Vertex quotas: ids and metrics of a day; their RetryInfo is shorter than the day (gemini-cli).
  { status: [0, 429], text: /per_?day|limit: 0\b/i, names: 'resource_exhausted', code: 'quota_exceeded' },
  // An allowance of a day or a month (GitHub Models, OpenRouter free models, Cohere trial keys, Bedrock). OpenAI's and Groq's daily windows roll
  // and say when to come back: those are rates.
  {
    status: [0, 429],
    text: /\b(?:per|by|a|\/)[-_ ]*(?:day|month)\b|ByDay\b|per 86400 ?s|\b(?:daily|monthly|weekly) (?:\w+ ){0,2}(?:limit|quota)/i,
    notText: /(?:try again|retry) (?:in|after) [\d.]/i,
    code: 'quota_exceeded',
  },
  // OpenAI rate-limit guide and Groq: one request larger than the bucket never fits, however long one waits.
  {
    status: [0, 413, 429],
    text: /request (?:is )?too large/i,
    names: 'rate_limit_exceeded tokens',
    code: 'rate_limit',
    retryable: false,
  },
  // OpenAI: exhausted prepaid credit. Gemini says the same of a per-minute rate, with RESOURCE_EXHAUSTED.
  { status: REFUSALS, text: /exceeded your current quota/i, notNames: 'resource_exhausted', code: 'quota_exceeded' },
  // Anthropic "credit balance is too low", "specified API usage limits"; xAI credits and spending limit; Gemini prepay; DeepSeek "Insufficient Balance";
  // OpenRouter credits; Hugging Face "monthly included credits"; Fireworks suspended account; LiteLLM budgets; API Management call volume.
  {
    status: REFUSALS,
    text: /credit balance is too low|specified API usage limits|(?:insufficient|not enough) (?:account )?(?:balance|credits?|funds)|(?:used|exceeded|run out of|exhausted) (?:all |your )?(?:available |monthly )?(?:included )?credits|credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)|have any credits|requires more credits|spend(?:ing)? limit|suspended[^.]{0,80}(?:billing|invoice|payment|balance|limit)|not active, please check your billing|budget has been exceeded|out of call volume quota|usage limit for this (?:billing )?(?:cycle|period|month)/i,
    code: 'quota_exceeded',
  },
  // Load, by name: OpenAI and Anthropic error pages, Moonshot, Gemini ErrorInfo.reason, Groq flex processing, Mistral tiers, TGI error_type, llama.cpp,
  // Bedrock ModelNotReadyException and ServiceUnavailableException; Google's UNAVAILABLE is "temporarily overloaded or down".
  {
    names:
      'server_is_overloaded overloaded_error engine_overloaded_error engine_overloaded model_overloaded overloaded model_capacity_exhausted ' +
      'capacity_exceeded service_tier_capacity_exceeded over_capacity unavailable unavailable_error modelnotreadyexception serviceunavailableexception #1305',
    code: 'overloaded',
  },
  // Anthropic "Overloaded" under a 500; Mistral's tier capacity under a 429; Gemini; Hugging Face and Ollama loading a model.
  {
    status: [0, 429, 498, 500, 502, 503, 529],
    text: /\boverloaded\b|capacity exceeded|(?:at|over|out of|insufficient|no) capacity\b|high demand|(?:model|is currently) loading|server busy/i,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: Bedrock throttling under a 400, errors inside a stream.
  {
    status: [0, 400, 403, 413, 503],
    names:
      'rate_limit_error rate_limit_exceeded ratelimitreached ratelimitexceeded rate_limited too_many_requests throttlingexception throttling slow_down resource_exhausted #1302 #1303',
    code: 'rate_limit',
  },
]
