import { ACCESS } from './classify-rules/access.ts'
import { CONTEXT } from './classify-rules/context.ts'
import { KINDS } from './classify-rules/kinds.ts'
import { LIMITS } from './classify-rules/limits.ts'
import type { Rule } from './classify-rules/rule.ts'

/**
 * What providers' words mean, where the status alone misleads. Data only; the first row that holds decides, the status otherwise.
 * Limits come first because a quota error may use any other family's words; the context before access, because Together refuses a
 * long prompt with a 403.
 */
export const RULES: readonly Rule[] = [...LIMITS, ...CONTEXT, ...ACCESS, ...KINDS]
