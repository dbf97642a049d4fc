import type { Rule } from './rule.ts'

/** Errors that name only a kind; the more telling names have been looked for before. */
export const KINDS: readonly Rule[] = [
  // Inside a 200: Anthropic errors page, OpenAI error types, exception names of vLLM and SGLang, TGI's error_type.
  {
    status: [0],
    names:
      'invalid_request_error invalid_request request_too_large bad_request badrequesterror validation_error validationexception ' +
      'invalid_argument validation',
    code: 'invalid_request',
  },
  // llama.cpp answers 501 to what it was not built for: no further attempt changes that.
  { status: [0, 500, 501], names: 'not_supported_error', code: 'invalid_request' },
]
