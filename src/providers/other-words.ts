import { openEnvelope } from '../classify/envelope.ts'
import { OTHERS } from '../classify/rules/others.ts'
import { factsOf } from '../classify/rules/rule.ts'
import { ruled } from '../classify/rules.ts'
import type { ProviderFailure, Verdict } from '../vocabulary/provider.ts'

/** The `classify` of every provider that has none of its own: whatever stands behind a gateway, its words are known. */
export function readOtherWords({ status, headers, body, json, inBand }: ProviderFailure): Verdict | undefined {
  const envelope = openEnvelope(headers, body, json)
  return ruled(OTHERS, factsOf(inBand ? (envelope.status ?? 0) : status, envelope))
}
