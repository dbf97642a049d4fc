import type { Rule } from './rule.ts'

const REFUSALS = [0, 400, 401, 403, 404, 422]

/** Filters, credentials, permissions, and models that are not there. */
export const ACCESS: readonly Rule[] = [
  // Azure content filtering, OpenAI safety errors, Alibaba data inspection, Zhipu 1301, Moonshot; Gemini block reasons.
  {
    names:
      'content_filter content_policy_violation moderation_blocked responsibleaipolicyviolation data_inspection_failed datainspectionfailed ' +
      'content_filtered #1301',
    code: 'content_filter',
  },
  // OpenRouter, docs "moderation errors": a 403 whose metadata lists reasons.
  { status: [0, 400, 403], names: 'moderation', code: 'content_filter' },
  // Anthropic, Bedrock, DeepSeek, xAI usage guidelines, OpenAI safety system and usage policy, Azure behind LiteLLM, Moonshot.
  {
    status: REFUSALS,
    text: /blocked by (?:\w+ ){0,2}content filter|content exists risk|(?:prompt|input|content|request) (?:was |has been |is )?(?:potentially )?(?:flagged|violat\w+)|ContentPolicyViolationError|content management policy|rejected as a result of our safety|considered high risk/i,
    code: 'content_filter',
  },
  // AWS common errors; OpenAI and Perplexity; Google ErrorInfo.reason and UNAUTHENTICATED; Anthropic; Zhipu 1000–1004.
  {
    status: REFUSALS,
    names:
      'invalid_api_key authentication_error invalid_authentication_error unauthenticated api_key_invalid unrecognizedclientexception ' +
      'invalidsignatureexception expiredtokenexception missingauthenticationtokenexception invalidclienttokenid incompletesignature ' +
      'expired_api_key #1000 #1001 #1002 #1003 #1004',
    code: 'authentication',
  },
  // A bad key under a 400 (xAI, Gemini) or a 403 (Bedrock keys, Google's unregistered callers and leaked keys).
  {
    status: REFUSALS,
    text: /(?:incorrect|invalid|missing|expired|no) api[ _-]?key|api[ _-]?key (?:is |was |has )?(?:not valid|invalid|expired|missing|not found|reported as leaked)|unregistered callers|authentication failed/i,
    code: 'authentication',
  },
  // A good key without the right, answered 401: OpenAI scopes, Azure roles, LiteLLM key and team limits.
  {
    status: [401],
    names: 'permissiondenied missing_scope insufficient_permissions key_model_access_denied team_model_access_denied',
    code: 'permission',
  },
  { status: [401], text: /insufficient permissions|missing scopes/i, code: 'permission' },
  // Regions and terms: Gemini (FAILED_PRECONDITION), OpenAI, Groq, Bedrock's use-case form, Anthropic's disabled organizations.
  {
    status: [0, 400, 403, 404],
    text: /location is not supported|not (?:supported|available) in your (?:country|region|location)|use case details have not been submitted|terms acceptance|organization has been disabled/i,
    code: 'permission',
  },
  {
    status: [0, 400],
    names:
      'unsupported_country_region_territory permission_denied permission_error permission_denied_error accessdeniedexception ' +
      'model_terms_required #1220 #1311',
    code: 'permission',
  },
  // OpenAI, Groq, Together, Mistral, Perplexity, GitHub Models, Azure, Zhipu 1211; under a 403 the model is there but not allowed.
  {
    status: [0, 400, 422],
    names:
      'model_not_found model_not_available deploymentnotfound not_found not_found_error notfounderror invalid_model unknown_model ' +
      'model_decommissioned resourcenotfoundexception resource_not_found_error #1211',
    code: 'not_found',
  },
  // Bedrock, OpenRouter, DeepSeek, LiteLLM, and whoever says that a model does not exist with a 400.
  {
    status: [0, 400, 422],
    text: /model identifier is invalid|not a valid model|model not exist|invalid model name|(?:unknown|invalid) model:|\bmodel [^.]{1,120}(?:does not exist|not found)|model not found/i,
    code: 'not_found',
  },
]
