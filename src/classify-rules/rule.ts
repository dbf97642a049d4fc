import type { Code } from '../errors.ts'

/** What a rule looks at. */
export interface Facts {
  readonly provider: string
  /** 0 where an error inside a 200 does not say. */
  readonly status: number
  /** See Envelope.names. */
  readonly names: ReadonlySet<string>
  /** The provider's own words; empty where there are none. */
  readonly text: string
  /** Whether the body was empty. */
  readonly empty: boolean
}

/** One row: every condition that is there must hold. Rows are tried in order and the first that holds decides. */
export interface Rule {
  /** The provider's name contains this. */
  readonly provider?: string
  /** One of these; 0 is an error inside a 200 that names no status. Absent: any. */
  readonly status?: readonly number[]
  /** The body names one of these, separated by spaces, in lower case. */
  readonly names?: string
  /** A name that the body must not have. */
  readonly notNames?: string
  /** One of the names looks so. */
  readonly like?: RegExp
  readonly text?: RegExp
  readonly notText?: RegExp
  /** Captures a limit and what was asked for, which must be more. */
  readonly exceeded?: RegExp
  readonly empty?: true
  readonly code: Code
  /** Only where it is not the code's default. */
  readonly retryable?: boolean
}

/** The first row that holds. */
export function findRule(rules: readonly Rule[], facts: Facts): Rule | undefined {
  return rules.find((rule) => holds(rule, facts))
}

function holds(rule: Rule, facts: Facts): boolean {
  return (
    (rule.provider === undefined || facts.provider.toLowerCase().includes(rule.provider)) &&
    (rule.status === undefined || rule.status.includes(facts.status)) &&
    (rule.names === undefined || named(rule.names, facts.names)) &&
    (rule.notNames === undefined || !named(rule.notNames, facts.names)) &&
    (rule.like === undefined || [...facts.names].some((name) => rule.like?.test(name))) &&
    (rule.text === undefined || rule.text.test(facts.text)) &&
    (rule.notText === undefined || !rule.notText.test(facts.text)) &&
    (rule.exceeded === undefined || exceeds(rule.exceeded.exec(facts.text))) &&
    (rule.empty === undefined || facts.empty)
  )
}

function named(list: string, names: ReadonlySet<string>): boolean {
  return list.split(' ').some((name) => names.has(name))
}

function exceeds(match: RegExpExecArray | null): boolean {
  const [limit = 0, asked = 0] = (match ?? []).slice(1).map((digits) => Number(digits.replaceAll(',', '')))
  return asked > limit
}
