import { classify } from '../classify/classify.ts'
import { MOST_SHOWN, type Observation, type SeenResponse } from '../classify/observation.ts'
import { redactCutText, safeHeaders } from '../classify/redact.ts'
import {
  type AnyCompletionError,
  CompletionError,
  type CompletionErrorInit,
  type ErrorResponse,
  type TimeoutPhase,
} from '../vocabulary/errors.ts'
import { headersOfBag } from '../vocabulary/header-bag.ts'
import type { PartialAnswer } from '../vocabulary/result.ts'
import type { Call, Ending } from './call.ts'
import { promptTexts } from './prompt-texts.ts'
import { secretsOf, shownRequestId } from './secrets.ts'

/** What an attempt knows of itself when it fails. */
export interface AttemptFacts {
  readonly sent: boolean
  /** It had left once before, on a connection that was closed meanwhile. */
  readonly reconnect: boolean
  readonly response: SeenResponse | undefined
  readonly partial: PartialAnswer | undefined
}

/** Where no attempt is under way. */
const NO_ATTEMPT: AttemptFacts = { sent: false, reconnect: false, response: undefined, partial: undefined }

/** The error of a response or of a transport failure. */
export function observedError(call: Call, observation: Observation, facts: AttemptFacts): CompletionError {
  const { unsent, ...found } = classify(observation, {
    provider: call.provider.name,
    classify: call.provider.classify,
    thrownRules: call.host.transports.errors,
    wallNow: call.clock.wallNow(),
    baseURLHint: call.url.origin,
    secrets: secretsOf(call),
    echoes: () => [...promptTexts(call), ...textsOf(facts.partial)],
  })
  return new CompletionError({
    ...common(call, facts),
    ...found,
    // Whatever broke after an answer had begun: the request had left.
    sent: facts.sent && !(unsent && !facts.response && !facts.reconnect),
    cause: 'error' in observation ? withoutBytes(observation.error) : undefined,
  })
}

/** The error of a failure that could not be described. */
export function indescribable(call: Call, sent: boolean, cause: unknown): CompletionError {
  const message = `invalid_response: ${call.provider.name}: the failure could not be described (see the cause). Its provider's code may be at fault.`
  return new CompletionError({ ...identity(call), code: 'invalid_response', message, sent, cause })
}

/** undici's parser puts what it could not read on its error, where every log prints it: it may be the answer, or what the server echoes. */
function withoutBytes(error: unknown): unknown {
  try {
    for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
      if (one.name === 'HTTPParserError') Object.assign(one, { data: undefined })
    }
  } catch {
    // Whatever cannot be looked at, or written to, is none of undici's.
  }
  return error
}

/** The phases of an attempt that have a limit of their own. */
export type LimitedPhase = Exclude<TimeoutPhase, 'total' | 'signal'>

/** The error of a phase that took too long. */
export function timeoutError(call: Call, phase: LimitedPhase, facts: AttemptFacts): CompletionError {
  const { limits } = call.settings
  const limit = limits[phase]
  return new CompletionError({
    code: 'timeout',
    phase,
    message: `timeout: ${EXPIRED[phase]} within ${limit} ms (timeout.${phase}).`,
    // A limit left at its default is not run again after it has expired: nobody has said that a second try is worth that long.
    retryable: phase in limits.given,
    ...common(call, facts),
  })
}

const EXPIRED: Readonly<Record<LimitedPhase, string>> = {
  attempt: 'the attempt did not finish',
  connect: 'no connection was made',
  headers: 'no response headers came',
  firstToken: 'no content came',
  idle: 'no further content came',
}

/** The error of a call that was ended from outside while an attempt was under way, or between two. */
export function endingError(call: Call, ending: Ending, facts: AttemptFacts = NO_ATTEMPT): CompletionError {
  const { lastError } = call
  return new CompletionError({
    ...ending,
    message: `${ending.code}: ${ending.message}`,
    providerCode: lastError?.providerCode,
    providerMessage: lastError?.providerMessage,
    retryAfterMs: lastError?.retryAfterMs,
    ...earlier(call),
    ...common(call, facts),
    sent: facts.sent || lastError?.sent,
    // A reason may be anything, null among it.
    cause: 'cause' in ending ? ending.cause : lastError,
  })
}

/** What is known from the attempt before, for a failure that has no answer of its own. */
export function earlier({
  lastError,
}: Call): Pick<CompletionErrorInit, 'sent' | 'status' | 'requestId' | 'partial' | 'response'> {
  return {
    sent: lastError?.sent,
    status: lastError?.status,
    requestId: lastError?.requestId,
    partial: lastError?.partial,
    response: lastError?.response,
  }
}

/** The error of a call whose provider, or whose source of a credential, has thrown one of ours. */
export function adopted(call: Call, error: AnyCompletionError): CompletionError {
  // A copy, for it may be another call's error, which is not ours to complete.
  const { name: _, attempts: __, sent: ___, ...rest } = error.toJSON()
  return new CompletionError({
    ...earlier(call),
    ...rest,
    ...identity(call),
    retryable: false,
    cause: error.callId === undefined ? error.cause : error,
  })
}

/** Which call an error belongs to. */
export function identity(
  call: Call,
): Required<Pick<CompletionErrorInit, 'provider' | 'model' | 'callId' | 'metadata'>> {
  return {
    provider: call.provider.name,
    model: call.request.model,
    callId: call.id,
    metadata: call.settings.layer.metadata,
  }
}

function common(call: Call, { sent, response, partial }: AttemptFacts): Omit<CompletionErrorInit, 'code' | 'message'> {
  return {
    sent,
    ...(partial && { partial }),
    ...(response && {
      status: response.status,
      requestId: shownRequestId(call, response.headers),
      response: errorResponse(call, response),
    }),
    ...identity(call),
  }
}

function errorResponse(call: Call, { status, headers, body }: SeenResponse): ErrorResponse {
  const secrets = secretsOf(call)
  return {
    status,
    headers: headersOfBag(safeHeaders(headers, secrets)),
    body: redactCutText(body.slice(0, MOST_SHOWN), secrets),
  }
}

function textsOf(partial: PartialAnswer | undefined): readonly string[] {
  if (!partial) return []
  const texts: readonly unknown[] = [
    partial.text,
    partial.reasoning,
    ...partial.toolCalls.map((call) => call.arguments),
  ]
  // A provider of the user's own, written without types, may have left one out.
  return texts.filter((text) => typeof text === 'string')
}
