import type { ThrownRule } from '../transport/transport.ts'
import {
  type AnyCompletionError,
  type Code,
  type CompletionErrorInit,
  isCompletionError,
} from '../vocabulary/errors.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import type { Provider, Verdict } from '../vocabulary/provider.ts'
import { elideEchoes } from './echoes.ts'
import { type Envelope, openEnvelope } from './envelope.ts'
import { explain } from './explain.ts'
import { readThrown } from './network-rules.ts'
import { isGood, type Observation, type SeenResponse } from './observation.ts'
import { redactText } from './redact.ts'
import { retryAfter } from './retry-after.ts'
import { factsOf } from './rules/rule.ts'
import { RULES, ruled } from './rules.ts'
import { readStatus } from './status-rules.ts'

export interface ClassifyContext {
  /** The provider's name. */
  readonly provider: string
  /** The provider's own reading; it comes before every rule. */
  readonly classify?: Provider['classify'] | undefined
  /** What the errors of this runtime's own transports mean. */
  readonly thrownRules?: readonly ThrownRule[] | undefined
  /** Epoch milliseconds when the response arrived. */
  readonly wallNow: number
  /** Shown where the base URL is the likely mistake. */
  readonly baseURLHint?: string | undefined
  /** Removed from whatever of the provider's words is shown. */
  readonly secrets?: readonly string[] | undefined
  /** Gives the prompt's and the answer's texts, where there are words to remove from what the provider repeats of them. */
  readonly echoes?: (() => readonly string[]) | undefined
}

/** What a failed attempt means: plain data. */
export interface Classification
  extends Pick<
    CompletionErrorInit,
    'phase' | 'status' | 'providerCode' | 'providerMessage' | 'param' | 'requestId' | 'retryAfterMs'
  > {
  readonly code: Code
  readonly retryable: boolean
  readonly message: string
  /** True where the error says that the request cannot have left. */
  readonly unsent?: boolean | undefined
}

/** Longer words of a provider are cut. */
const LONGEST_MESSAGE = 2_000
const LONGEST_NAME = 120

/** What the server's `x-should-retry: true` does not override. */
const FINAL: ReadonlySet<Code> = new Set(['quota_exceeded', 'authentication', 'permission', 'content_filter'])

/** Says what a failed attempt means. Total and pure: it never throws, and the same observation means the same. */
export function classify(observation: Observation, context: ClassifyContext): Classification {
  const { response } = observation
  if (observation.kind === 'thrown') {
    // A response that is an error by its status stays that error, though its body broke.
    if (response !== undefined && !isGood(response.status)) return answered(response, undefined, false, context)
    // Our own, from a fetch made by createFetch, an authorize or a prepare: it has been classified already.
    if (isCompletionError(observation.error)) return passedOn(observation.error)
    const { what, ...thrown } = readThrown(observation.error, context.thrownRules)
    const message = explain({ code: thrown.code, what, provider: context.provider })
    return { ...thrown, message, ...(response && trace(response, context)) }
  }
  if (observation.kind === 'invalid') return unanswered(observation, context)
  const inBand = observation.kind === 'in_band'
  return answered(observation.response, inBand ? observation.json : undefined, inBand, context)
}

function passedOn(error: AnyCompletionError): Classification {
  const { code, retryable, message, phase, status, providerCode, providerMessage, param, requestId, retryAfterMs } =
    error
  return { code, retryable, message, phase, status, providerCode, providerMessage, param, requestId, retryAfterMs }
}

/** A good status without an answer. */
function unanswered(observation: Extract<Observation, { kind: 'invalid' }>, context: ClassifyContext): Classification {
  const { problem, retryable, code = 'invalid_response', response } = observation
  const { headers, status, body } = response
  const { provider, baseURLHint: baseURL, wallNow } = context
  const html = /^\s*<(?:!|html)/i.test(body)
  return {
    code,
    // A server that says no is believed; one that says yes does not know what its answer is worth.
    retryable: retryable && serversWord(headers) !== false,
    message: explain({ code, what: problem, provider, html, baseURL, came: body !== '' }),
    ...trace(response, context),
    retryAfterMs: retryAfter({ headers, status, code, wallNow }),
  }
}

/** `x-should-retry`, where it says one or the other. */
function serversWord(headers: HeaderBag): boolean | undefined {
  const word = headers['x-should-retry']?.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

/** The facts of a response that need no reading of its body. */
function trace(response: SeenResponse, context: ClassifyContext): Partial<Classification> {
  return { status: response.status, requestId: shown(openEnvelope(response.headers, ''), context).requestId }
}

function answered(response: SeenResponse, given: unknown, inBand: boolean, context: ClassifyContext): Classification {
  const { headers, body } = response
  const envelope = openEnvelope(headers, body, given)
  const status = inBand ? (envelope.status ?? 0) : response.status
  const { code, retryable } =
    ownReading(response, envelope, inBand, context) ?? ruled(RULES, factsOf(status, envelope)) ?? readStatus(status)
  const redirect = !inBand && status >= 300 && status < 400
  const shouldRetry = serversWord(headers)
  const words = shown(envelope, context)
  return {
    code,
    retryable: shouldRetry === undefined || (shouldRetry && (redirect || FINAL.has(code))) ? retryable : shouldRetry,
    message: explain({
      code,
      provider: context.provider,
      status: inBand ? undefined : response.status,
      html: envelope.html,
      baseURL: context.baseURLHint,
      location: redirect ? (headers['location'] ?? '') : undefined,
      tooLarge: code === 'rate_limit' && !retryable,
      ...words,
    }),
    status: response.status,
    ...words,
    retryAfterMs: retryAfter({
      headers,
      json: envelope.json,
      text: envelope.message,
      status,
      code,
      wallNow: context.wallNow,
    }),
  }
}

function ownReading(
  response: SeenResponse,
  envelope: Envelope,
  inBand: boolean,
  context: ClassifyContext,
): Verdict | undefined {
  try {
    return context.classify?.({ ...response, json: envelope.json, inBand })
  } catch {
    // A provider of the user's own may throw; the rules below know something in any case.
    return undefined
  }
}

type Shown = Pick<Classification, 'providerCode' | 'providerMessage' | 'param' | 'requestId'>

/** What of the provider's words may be shown. */
function shown(envelope: Envelope, context: ClassifyContext): Shown {
  const { secrets = [], echoes } = context
  let sources: readonly string[] | undefined
  // A cut may halve a secret, so that it is looked for before; only far beyond the limit the text is cut unread.
  const clean = (text: string | undefined, longest: number) =>
    (text &&
      elideEchoes(redactText(text.slice(0, longest * 4), secrets), (sources ??= echoes?.() ?? [])).slice(0, longest)) ||
    undefined
  return {
    providerCode: clean(envelope.providerCode, LONGEST_NAME),
    providerMessage: clean(envelope.message, LONGEST_MESSAGE),
    param: clean(envelope.param, LONGEST_NAME),
    requestId: envelope.requestId && redactText(envelope.requestId.slice(0, LONGEST_NAME), secrets),
  }
}
