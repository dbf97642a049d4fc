import type { Code } from '../../vocabulary/errors.ts'
import type { Envelope } from '../envelope.ts'

/** What a rule looks at. */
export interface Facts {
  /** 0 where an error inside a 200 does not say. */
  readonly status: number
  /** Every name that the body gives its failure, each on a line of its own; on the last line the provider's own words. */
  readonly seen: string
}

/** One row: every condition that is there must hold. Rows are tried in order and the first that holds decides. */
export interface Rule {
  /** One of these; 0 is an error inside a 200 that names no status. Absent: whatever the status. */
  readonly status?: readonly number[]
  /** Where it captures a limit and what was asked for, that must be more. Names are matched as whole lines. */
  readonly seen: RegExp
  readonly notSeen?: RegExp
  readonly code: Code
  /** Only where it is not the code's default. */
  readonly retryable?: boolean
}

/** The statuses under which a server may refuse what it was asked. */
export const REFUSALS: readonly number[] = [0, 400, 401, 403, 404, 422]

/** Longer words of a provider are not read. */
const LONGEST_READ = 2_000

/**
 * What pydantic (FastAPI, vLLM, SGLang), Google and llama.cpp quote of the request that they refuse: a prompt may speak of keys and
 * quotas, too.
 */
const QUOTED_INPUT =
  /\binput_value=[^]*?(?=, input_type=|$)|'input': [^]*?(?='ctx': |$)|\), "[^]*"|\bmessages? ?= ?[[{][^]*/g

export function factsOf(status: number, { names, message = '' }: Pick<Envelope, 'names' | 'message'>): Facts {
  const words = message.replace(QUOTED_INPUT, '').slice(0, LONGEST_READ).replace(/\s+/g, ' ')
  return { status, seen: [...names, words].join('\n') }
}

/** The first row that holds. */
export function findRule(rules: readonly Rule[], facts: Facts): Rule | undefined {
  return rules.find((rule) => holds(rule, facts))
}

function holds({ status, seen, notSeen }: Rule, facts: Facts): boolean {
  if (status?.includes(facts.status) === false || notSeen?.test(facts.seen)) return false
  const match = seen.exec(facts.seen)
  if (!match) return false
  const [, limit, asked] = match
  return limit === undefined || asked === undefined || amount(asked) > amount(limit)
}

function amount(digits: string): number {
  return Number(digits.replaceAll(',', ''))
}
