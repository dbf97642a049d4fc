import type { Verdict } from '../vocabulary/provider.ts'
import { ACCESS } from './rules/access.ts'
import { CONTEXT } from './rules/context.ts'
import { LIMITS } from './rules/limits.ts'
import { type Facts, findRule, type Rule } from './rules/rule.ts'
import { verdict } from './status-rules.ts'

/**
 * What providers' words mean, where the status alone misleads. Data only; the first row that holds decides, the status otherwise.
 * Limits come first because a quota error may use any other family's words; the context before access, because Together refuses a
 * long prompt with a 403.
 */
export const RULES: readonly Rule[] = [...LIMITS, ...CONTEXT, ...ACCESS]

/** What the first row that holds says. */
export function ruled(rules: readonly Rule[], facts: Facts): Verdict | undefined {
  const rule = findRule(rules, facts)
  return rule && { code: rule.code, retryable: rule.retryable ?? verdict(rule.code).retryable }
}
