import type { Rule } from './rule.ts'

/** Errors inside a 200 that name a kind and no status; the more telling names have been looked for before. */
export const IN_BAND: readonly Rule[] = [
  // Anthropic errors page, OpenAI error types, vLLM and SGLang exception names.
  {
    status: [0],
    names:
      'invalid_request_error invalid_request request_too_large bad_request badrequesterror validation_error validationexception invalid_argument validation',
    code: 'invalid_request',
  },
]
