import type { Rule } from './rule.ts'

const REFUSALS = [0, 400, 401, 403, 404, 422]

/** Filters, credentials, permissions, and models that are not there. */
export const ACCESS: readonly Rule[] = [
  // Azure content filtering, OpenAI safety errors, Alibaba data inspection, Zhipu 1301, Gemini block reasons, OpenRouter moderation metadata.
  {
    names:
      'content_filter content_policy_violation moderation_blocked responsibleaipolicyviolation data_inspection_failed datainspectionfailed ' +
      'safety prohibited_content blocklist recitation spii image_safety moderation content_filtered #1301',
    code: 'content_filter',
  },
  // Anthropic "Output blocked by content filtering policy", Bedrock "blocked by our content filters", xAI usage guidelines, DeepSeek "Content Exists Risk",
  // OpenRouter "flagged", Azure behind LiteLLM, OpenAI "safety system" and usage policy.
  {
    status: REFUSALS,
    text: /blocked by (?:\w+ ){0,2}content filter|content exists risk|(?:prompt|input|content|request) (?:was |has been |is )?(?:potentially )?(?:flagged|violat\w+)|ContentPolicyViolationError|content management policy|rejected as a result of our safety|considered high risk/i,
    code: 'content_filter',
  },
  // AWS common errors; OpenAI and Perplexity invalid_api_key; Google ErrorInfo.reason; Anthropic authentication_error; Zhipu 1000–1004.
  {
    status: REFUSALS,
    names:
      'invalid_api_key authentication_error unauthenticated api_key_invalid unrecognizedclientexception invalidsignatureexception expiredtokenexception ' +
      'missingauthenticationtokenexception invalidclienttokenid incompletesignature expired_api_key #1000 #1001 #1002 #1003 #1004',
    code: 'authentication',
  },
  // A bad key under a 400 (xAI, Gemini) or a 403 (Bedrock keys, Google's unregistered and leaked keys).
  {
    status: REFUSALS,
    text: /(?:incorrect|invalid|missing|expired|no) api[ _-]?key|api[ _-]?key (?:is |was |has )?(?:not valid|invalid|expired|missing|not found|reported as leaked)|unregistered callers|authentication failed/i,
    code: 'authentication',
  },
  // OpenAI: a key without the scope is answered 401. Azure: a principal without the role likewise.
  { status: [401], names: 'permissiondenied missing_scope insufficient_permissions', code: 'permission' },
  { status: [401], text: /insufficient permissions|missing scopes/i, code: 'permission' },
  // Gemini regions (FAILED_PRECONDITION), OpenAI countries, Groq terms, Bedrock use-case form.
  {
    status: REFUSALS,
    text: /location is not supported|not (?:supported|available) in your (?:country|region|location)|use case details have not been submitted|terms acceptance/i,
    code: 'permission',
  },
  {
    status: [0, 400, 403],
    names:
      'unsupported_country_region_territory permission_denied permission_error accessdeniedexception model_terms_required #1220 #1311',
    code: 'permission',
  },
  // OpenAI, Groq, Together, Mistral, Perplexity, GitHub Models, Azure deployments, Zhipu 1211; a 403 that names a model is a missing permission.
  {
    status: [0, 400, 404, 422],
    names:
      'model_not_found model_not_available deploymentnotfound not_found not_found_error invalid_model unknown_model model_decommissioned resourcenotfoundexception resource_not_found_error #1211',
    code: 'not_found',
  },
  // Bedrock "model identifier is invalid", OpenRouter "not a valid model ID", DeepSeek "Model Not Exist", LiteLLM "Invalid model name".
  {
    status: [0, 400, 422],
    text: /model identifier is invalid|not a valid model|model not exist|invalid model(?: name)?\b(?! (?:output|response|parameter))|(?:unknown|unsupported) model\b|\bmodel [^.]{1,120}(?:does not exist|not found)|model not found/i,
    code: 'not_found',
  },
]
