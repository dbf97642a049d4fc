import type { Rule } from './rule.ts'

/** Statuses under which providers speak of money and allowances; under a 5xx the same words are about the server. */
const MONEY = [0, 400, 401, 402, 403, 412, 429]
/** Where a prompt that is too long is refused: Together uses 403, TGI 422, proxies 413. */
const TOO_LONG = [0, 400, 403, 413, 422]
const REFUSALS = [0, 400, 401, 403, 404, 422]

/** The cap on the answer's length is a wrong parameter and not a prompt that is too long. */
const OUTPUT_CAP =
  /max(?:imum|_completion|_output|_new)?[_ ]tokens["'`]? (?:you requested|is too large|must be|exceeds|cannot)|maximum output|at most \d+ (?:completion|output) tokens/i

/**
 * What everybody but OpenAI says: other vendors, and the servers and gateways that speak OpenAI's wire or forward another's words. Looked
 * at before the rows that hold everywhere, by every provider but OpenAI's own.
 */
export const OTHERS: readonly Rule[] = [
  // OpenRouter, docs "errors": the one 402 that passes by itself, when the requests in flight have settled.
  { seen: /^in_flight_budget_exhausted$/m, code: 'rate_limit' },
  // Alibaba Model Studio error codes; AWS service quotas. Zhipu: 1113 arrears, 1304 calls of a day, 1308 and 1310 plan limits, 1309 plan
  // expired.
  {
    seen: /^(?:arrearage|allocationquota\.freetieronly|servicequotaexceededexception|#1113|#1304|#1308|#1309|#1310)$/m,
    code: 'quota_exceeded',
  },
  // Gemini: QuotaFailure names the day's quota; its RetryInfo is shorter than the day.
  { status: [0, 429], seen: /^\S*perday\S*$/m, code: 'quota_exceeded' },
  // Vertex names the metric in the text; a limit of 0 is no allowance at all (Gemini free tier).
  { status: [0, 429], seen: /^resource_exhausted$[^]*(?:per_day|\blimit: 0\b)/im, code: 'quota_exceeded' },
  // An allowance of a day or longer: GitHub Models, OpenRouter free models, Cohere trial keys, Ollama plans. OpenAI's and Groq's daily
  // windows roll and say when to come back: those are rates. A request larger than the day's is too large.
  {
    status: [0, 429],
    seen: /(?:\b(?:per|by|a)|\/)[-_ ]*(?:day|week|month)\b|ByDay\b|per 86400 ?s|\b(?:daily|weekly|monthly) (?:\w+ ){0,2}(?:limit|quota)/i,
    notSeen: /(?:try again|retry) (?:in|after) [\d.]|request (?:is )?too large/i,
    code: 'quota_exceeded',
  },
  // Balances: Anthropic, DeepSeek, OpenRouter, Hugging Face, xAI, Gemini prepay.
  {
    status: MONEY,
    seen: /credit balance is too low|(?:insufficient|not enough) (?:account )?(?:balance|credits?|funds)|(?:used|exceeded|run out of|exhausted) (?:all |your )?(?:available |monthly )?(?:included )?credits|credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)|have any credits|requires more credits/i,
    code: 'quota_exceeded',
  },
  // Limits that somebody set, and accounts that did not pay: Anthropic, xAI, Gemini, OpenRouter keys, LiteLLM budgets, Kimi and Mistral
  // plans, Fireworks and Moonshot suspensions.
  {
    status: MONEY,
    seen: /specified API usage limits|spend(?:ing)? (?:limit|cap)|key limit exceeded|budget has been exceeded|usage limit (?:has been |was )?(?:reached|exceeded)|usage limit for this|extra usage is required|suspended[^.]{0,80}(?:billing|invoice|payment|balance|limit)/i,
    code: 'quota_exceeded',
  },
  // Load, by name: llama.cpp and Google's UNAVAILABLE ("temporarily overloaded or down"), Cerebras' queue, Bedrock, Zhipu 1305; DeepSeek
  // ends an answer with a finish reason of that name where it has no room for it (api-docs.deepseek.com, create-chat-completion).
  {
    seen: /^(?:insufficient_system_resource|unavailable|unavailable_error|queue_exceeded|modelnotreadyexception|serviceunavailableexception|#1305)$/m,
    code: 'overloaded',
  },
  // Rates, by name, where the status does not say it: Bedrock throttling under a 400, Google inside a stream.
  {
    status: [0, 400, 403, 413, 503],
    seen: /^(?:throttling(?:exception)?|resource_exhausted|#1302|#1303)$/m,
    code: 'rate_limit',
  },
  // Prompts that are too long, by name: GitHub Models, gateways, Zhipu 1261.
  { seen: /^(?:prompt_too_long|tokens_limit_reached|#1261)$/m, code: 'context_length' },
  // llama.cpp's older builds say it under a 500.
  { status: [500], seen: /exceed\w* (?:the )?(?:available )?context (?:size|length|window)/i, code: 'context_length' },
  // Longer, greater or larger than the context: LM Studio, Ollama, llama.cpp, SGLang, vLLM, Together; LM Studio's n_keep and n_ctx;
  // MiniMax. xAI "maximum prompt length", Groq and Cerebras "reduce the length of", Moonshot, Cohere, Anthropic with max_tokens,
  // Poolside. TGI validation, also behind Hugging Face and Together; Alibaba Model Studio.
  {
    status: TOO_LONG,
    seen: /(?:(?:longer|greater|larger|more) than|must be less than) (?:the |this )?(?:model'?s? )?(?:max(?:imum)? )?(?:context|model) (?:length|size|window)|>= n_ctx|context window exceeds|maximum (?:allowed )?(?:prompt|input) length|reduce the length of|exceeded model token limit|tokens in the prompt cannot exceed|input length and `?max_tokens`? exceed|`inputs` (?:tokens \+|must have less)|range of input length/i,
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
  // Alibaba data inspection, Zhipu 1301.
  { seen: /^(?:data_inspection_failed|datainspectionfailed|#1301)$/m, code: 'content_filter' },
  // OpenRouter, docs "moderation errors": a 403 whose metadata lists reasons.
  { status: [0, 400, 403], seen: /^moderation$/m, code: 'content_filter' },
  // DeepSeek, Moonshot.
  { status: REFUSALS, seen: /content exists risk|considered high risk/i, code: 'content_filter' },
  // AWS common errors; Zhipu 1000–1004; Google's unregistered callers, under a 403.
  {
    status: REFUSALS,
    seen: /^(?:unrecognizedclientexception|invalidsignatureexception|expiredtokenexception|missingauthenticationtokenexception|invalidclienttokenid|incompletesignature|#100[0-4])$|unregistered callers|authentication failed/im,
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
    seen: /^(?:unsupported_country_region_territory|permission_(?:denied\w*|error)|accessdeniedexception|model_terms_required|#1220|#1311)$/m,
    code: 'permission',
  },
  // Bedrock, OpenRouter, DeepSeek, LiteLLM, Zhipu 1211, and whoever says that a model does not exist with a 400.
  {
    status: [0, 400, 422],
    seen: /^(?:resourcenotfoundexception|resource_not_found_error|#1211)$|model identifier is invalid|not a valid model|model not exist|invalid model name|(?:unknown|invalid) model:/im,
    code: 'not_found',
  },
  // llama.cpp answers 501 to what it was not built for: no further attempt changes that.
  { status: [0, 500, 501], seen: /^not_supported_error$/m, code: 'invalid_request' },
]
