import { REFUSALS, type Rule } from './rule.ts'

/** Filters, credentials, permissions, models that are not there, and errors that name only their kind. */
export const ACCESS: readonly Rule[] = [
  // OpenAI safety errors, Azure content filtering; Gemini's reason and a refusal's type, as gateways pass them on.
  {
    seen: /^(?:content_filter(?:ed)?|content_policy_violation|moderation_blocked|prohibited_content|refusal|responsibleaipolicyviolation)$/im,
    code: 'content_filter',
  },
  // OpenAI safety system and usage policy, Azure, also behind LiteLLM; xAI usage guidelines; DeepSeek, Moonshot; Bedrock and Anthropic as gateways put it.
  {
    status: REFUSALS,
    seen: /(?:prompt|input|content|request) (?:was |has been |is )?(?:potentially )?(?:flagged|violat\w+\b(?! (?:the )?(?:\w+ )?(?:schema|constraint|format)))|blocked by (?:\w+ ){0,2}content filter|ContentPolicyViolation|content management policy|(?:result of our|by the) safety|limited access to this content for safety|content exists risk|considered high risk/i,
    code: 'content_filter',
  },
  // OpenAI and Perplexity; Google ErrorInfo.reason and UNAUTHENTICATED; Anthropic. A bad key also under a 400 (xAI, Gemini) or a 403.
  {
    status: REFUSALS,
    seen: /^(?:\w*authentication_error|unauthenticated|api_key_invalid|expired_(?:api_)?key|invalid_api_key)$|(?:incorrect|invalid|missing|expired|no) api[ _-]?key\b|api[ _-]?key (?:is |was |has )?(?:not valid|invalid|expired|missing|not found|reported as leaked)/im,
    code: 'authentication',
  },
  // OpenAI's word for an account that it has closed.
  { status: [429], seen: /^access_terminated$/m, code: 'permission' },
  // A good key without the right, answered 401: OpenAI scopes, Azure roles, LiteLLM key and team limits.
  {
    status: [401],
    seen: /permissiondenied|(?:missing|insufficient)[_ ](?:scope|permission)s?|model_access_denied/i,
    code: 'permission',
  },
  // OpenAI, Groq, Together, Mistral, GitHub Models, Azure; under a 403 the model is there but not allowed.
  {
    status: [0, 400, 422],
    seen: /^(?:(?:model_|deployment)?not_?found(?:_?error)?|model_not_available|invalid_model|unknown_model|model_decommissioned)$|\bmodel (?:[^.]{1,120} )?(?:does not exist|not found)/im,
    code: 'not_found',
  },
  // Inside a 200: OpenAI error types, Anthropic errors page, exception names of vLLM and SGLang, TGI's error_type.
  {
    status: [0],
    seen: /^(?:invalid_(?:request\w*|argument)|request_too_large|bad_?request\w*|validation\w*)$/m,
    code: 'invalid_request',
  },
]
