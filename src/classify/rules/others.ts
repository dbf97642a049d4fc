import { REFUSALS, type Rule } from './rule.ts'

/**
 * The names and numbers of vendors that do not speak OpenAI's wire, and what gateways add of their own. Looked at before the rows that
 * hold everywhere, by every provider that has no rules of its own. `base_resp_…` is MiniMax', under a 200 (docs, "Error Codes").
 */
export const OTHERS: readonly Rule[] = [
  // OpenRouter, docs "errors": the one 402 that passes by itself, when the requests in flight have settled.
  { seen: /^in_flight_budget_exhausted$/m, code: 'rate_limit' },
  // Alibaba says it of the tokens of a minute, in OpenAI's words for no money (Model Studio, "rate limiting"); no money is a 400 there.
  {
    status: [0, 429],
    seen: /^throttling\.|error-code#token-limit|allocated quota exceeded/im,
    code: 'rate_limit',
  },
  // Alibaba Model Studio error codes; AWS service quotas. Zhipu: 1113 arrears, 1304 calls of a day, 1308 and 1310 plan limits, 1309 plan
  // expired. Volcengine Ark error codes; one-api and its descendants.
  {
    seen: /^(?:arrearage|allocationquota\.freetieronly|servicequotaexceededexception|#1113|#1304|#1308|#1309|#1310|account(?:overdueerror|quotaexceeded)|setlimitexceeded|base_resp_(?:1008|2056)|pre_consume_token_quota_failed)$/m,
    code: 'quota_exceeded',
  },
  // Gemini: QuotaFailure names the day's quota, also where a gateway quotes it; its RetryInfo is shorter than the day.
  { status: [0, 429], seen: /perday/i, code: 'quota_exceeded' },
  // Vertex names the metric in the text; a limit of 0 is no allowance at all (Gemini free tier).
  {
    status: [0, 429],
    seen: /^(?=[^]*\bresource_exhausted\b)[^]*(?:per_day|\blimit: 0\b)/i,
    code: 'quota_exceeded',
  },
  // Load, in words: new-api's channels and Zhipu, whatever name stands beside them; NVIDIA NIM, under a 400.
  { seen: /负载已饱和|负载已满|访问量过大|degraded function cannot be invoked/i, code: 'overloaded' },
  // Load, by name: llama.cpp and Google's UNAVAILABLE ("temporarily overloaded or down"), Cerebras' queue, Bedrock, Zhipu 1305; DeepSeek
  // ends an answer with a finish reason of that name where it has no room for it (api-docs.deepseek.com, create-chat-completion).
  {
    seen: /^(?:insufficient_system_resource|unavailable|unavailable_error|queue_exceeded|modelnotreadyexception|serviceunavailableexception|#1305)$/m,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: Bedrock throttling under a 400, Google inside a stream.
  {
    status: [0, 400, 403, 413, 503],
    seen: /^(?:throttling(?:exception)?|resource_exhausted|#1302|#1303|base_resp_(?:1002|1039|1041|2045))$/m,
    code: 'rate_limit',
  },
  // Prompts that are too long, by name: GitHub Models, gateways, Zhipu 1261.
  { seen: /^(?:prompt_too_long|tokens_limit_reached|#1261)$/m, code: 'context_length' },
  // Alibaba data inspection, also in a gateway's words, Zhipu 1301, Volcengine Ark; Cloudflare AI Gateway's guardrails.
  {
    seen: /^(?:data_inspection_failed|datainspectionfailed|#1301|base_resp_102[67]|\w+sensitivecontentdetected(?:\.\w+)?)$|\bdatainspectionfailed\b|may contain inappropriate content|blocked due to security configurations/im,
    code: 'content_filter',
  },
  // OpenRouter, docs "moderation errors": a 403 whose metadata lists reasons.
  { status: [0, 400, 403], seen: /^moderation$/m, code: 'content_filter' },
  // AWS common errors; Zhipu 1000–1004; Google's unregistered callers, under a 403.
  {
    status: REFUSALS,
    seen: /^(?:unrecognizedclientexception|invalidsignatureexception|expiredtokenexception|missingauthenticationtokenexception|invalidclienttokenid|incompletesignature|#100[0-4]|base_resp_(?:1004|2049))$|unregistered callers|authentication failed/im,
    code: 'authentication',
  },
  // Regions and terms: Gemini (FAILED_PRECONDITION), OpenAI's imitators, Groq, Bedrock's use-case form, Anthropic's disabled organizations.
  {
    status: [0, 400, 403, 404],
    seen: /location is not supported|not (?:supported|available) in your (?:country|region|location)|use case details have not been submitted|terms acceptance|organization has been disabled/i,
    code: 'permission',
  },
  {
    status: [0, 400],
    seen: /^(?:unsupported_country_region_territory|permission_(?:denied\w*|error)|accessdeniedexception|model_terms_required|organization_restricted|#1220|#1311)$/m,
    code: 'permission',
  },
  // Bedrock, OpenRouter, DeepSeek, LiteLLM, Zhipu 1211, and whoever says that a model does not exist with a 400.
  {
    status: [0, 400, 422],
    seen: /^(?:resourcenotfoundexception|resource_not_found_error|#1211)$|model identifier is invalid|not a valid model|model not exist|invalid model name|^model_not_supported$|not supported by any provider|(?:unknown|invalid) model:/im,
    code: 'not_found',
  },
  // llama.cpp answers 501 to what it was not built for: no further attempt changes that. MiniMax names a wrong parameter.
  { status: [0, 500, 501], seen: /^(?:not_supported_error|base_resp_(?:1042|2013))$/m, code: 'invalid_request' },
]
