import { unwrapError } from '../fetch/unwrap-error.ts'
import { type AnyCompletionError, CLIENT_CLOSED, type Code, type TimeoutPhase } from '../vocabulary/errors.ts'
import { isClientGone } from './signal-from.ts'

/** What a problem tells beside what every caller may know. */
export interface ProblemOptions {
  /**
   * Adds what the provider said and where (`providerMessage`, `providerCode`, `provider`, `model`, `requestId`) and the real code of an
   * error that is the service's own fault. For services whose callers are their operators.
   * @defaultValue false
   */
  readonly expose?: boolean | undefined
}

/** The body of an RFC 9457 problem. */
export interface ProblemBody {
  /** The problem has no page of its own: `title` is the status's. */
  readonly type: 'about:blank'
  /** The status's own phrase. */
  readonly title: string
  /** The HTTP status, again. */
  readonly status: number
  /** In words of ours: nothing of the prompt, the answer, the provider's text or the service's insides. */
  readonly detail: string
  /**
   * What kind of failure it is, for programs: a call's code, `unavailable` for what only the service's operator can mend, `bad_request` for
   * what a framework refuses, `internal`.
   */
  readonly code: Code | 'unavailable' | 'internal' | 'bad_request'
  /** Which limit a `timeout` has met. */
  readonly phase?: TimeoutPhase | undefined
  /** Names the call in the service's logs. */
  readonly callId?: string | undefined
  /** With `expose` only, as are the four below: members of the CompletionError. */
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly providerCode?: string | undefined
  readonly providerMessage?: string | undefined
  readonly requestId?: string | undefined
}

/** An RFC 9457 problem, ready to be sent by any framework. */
export interface Problem {
  /** The HTTP status to answer with. */
  readonly status: number
  /** Names in lower case: content-type, cache-control and, where a wait is known, retry-after. */
  readonly headers: Readonly<Record<string, string>>
  /** To be sent as JSON. */
  readonly body: ProblemBody
}

/** What is told of each code: the status, and the sentence. `hidden`: the code says something about the service's own affairs. */
interface Row {
  readonly status: number
  readonly detail: string
  readonly hidden?: boolean
}

/**
 * The statuses speak about this service, not about the provider: a provider's 401 is a fault of the service's, which its caller cannot
 * mend and must not take for one of its own.
 */
const ROWS: Readonly<Record<Code, Row>> = {
  timeout: { status: 504, detail: 'The model did not answer in time.' },
  aborted: { status: 499, detail: 'The request was given up before its answer was complete.' },
  network: { status: 502, detail: 'The model could not be reached.' },
  server_error: { status: 502, detail: 'The model failed to answer.' },
  invalid_response: { status: 502, detail: 'The model did not give a complete answer.' },
  rate_limit: { status: 429, detail: 'There are too many requests at the moment. Try again later.' },
  overloaded: { status: 503, detail: 'The model is overloaded. Try again later.' },
  circuit_open: { status: 503, detail: 'The model has been failing and is left alone for a while. Try again later.' },
  quota_exceeded: { status: 503, detail: 'The service cannot use its model at the moment.', hidden: true },
  authentication: { status: 502, detail: 'The service cannot use its model at the moment.', hidden: true },
  permission: { status: 502, detail: 'The service cannot use its model at the moment.', hidden: true },
  not_found: { status: 502, detail: 'The service cannot use its model at the moment.', hidden: true },
  invalid_request: { status: 400, detail: 'The model does not accept the request.' },
  context_length: { status: 413, detail: 'The request is too long for the model.' },
  content_filter: { status: 400, detail: 'The model declines the request by its rules on content.' },
}

const INTERNAL: Row = { status: 500, detail: 'The service failed to handle the request.' }

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  402: 'Payment Required',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  423: 'Locked',
  425: 'Too Early',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** The problem that a thrown value is for the caller of a service. Total: every value gives one, and an unknown one says nothing of itself. */
export function toProblem(error: unknown, { expose = false }: ProblemOptions = {}): Problem {
  const found = unwrapError(error)
  if (!found) return isClientGone(error) ? problemOf(ROWS.aborted, 'aborted') : problemOf(ownStatus(error))
  const row = rowOf(found)
  const wait = row.status === 429 || row.status === 503 ? found.retryAfterMs : undefined
  const said = {
    provider: found.provider,
    model: found.model,
    providerCode: found.providerCode,
    providerMessage: found.providerMessage,
    requestId: found.requestId,
  }
  const code = row.hidden && !expose ? 'unavailable' : found.code
  return problemOf(row, code, { phase: found.phase, callId: found.callId, ...(expose && said) }, wait)
}

/** The same as a web `Response`. */
export function problemResponse(error: unknown, options?: ProblemOptions): Response {
  const { status, headers, body } = toProblem(error, options)
  return new Response(JSON.stringify(body), { status, headers })
}

function problemOf(
  { status, detail }: Row,
  code: ProblemBody['code'] = status === 500 ? 'internal' : 'bad_request',
  more: Partial<ProblemBody> = {},
  wait?: number,
): Problem {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      // Whole seconds, rounded up: a caller told 0 would be back before the time.
      ...(wait !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(wait / 1_000))) }),
    },
    body: { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, code, ...more },
  }
}

function rowOf(error: AnyCompletionError): Row {
  // One from JSON may have a code of a later version.
  const row = Object.hasOwn(ROWS, error.code) ? ROWS[error.code] : INTERNAL
  // A call that ended because the service was shutting down: its caller is still there, and is welcome elsewhere.
  if (error.code === 'aborted' && error.message.startsWith(`aborted: ${CLIENT_CLOSED}`))
    return { status: 503, detail: 'The service is shutting down. Try again.' }
  if (tooLarge(error)) return ROWS.context_length
  return row
}

/** A body over the limit of the provider's server, or more tokens in one request than its rate limit allows: to wait helps nobody. */
function tooLarge({ code, status, retryable, response }: AnyCompletionError): boolean {
  if (code === 'invalid_request') return status === 413
  // Nothing else makes a server's word on the rate final, unless it says so itself.
  return code === 'rate_limit' && !retryable && response?.headers.get('x-should-retry') === null
}

/** What is thrown for a bad request by a framework, or by the service in the framework's way. */
function ownStatus(error: unknown): Row {
  const status = frameworkStatus(error)
  if (typeof status !== 'number' || !(status >= 400 && status < 500)) return INTERNAL
  return { status, detail: 'The service does not accept the request.' }
}

interface FrameworkError {
  readonly code?: unknown
  /** http-errors (Express, Koa): the message is meant for the client. */
  readonly expose?: unknown
  readonly statusCode?: unknown
  /** Hono's HTTPException and NestJS' HttpException. */
  readonly getResponse?: unknown
  readonly status?: unknown
  /** NestJS. */
  readonly getStatus?: () => unknown
  readonly name?: unknown
}

/** The status that an error means for the client; one on any other error may be that of somebody else's response. */
function frameworkStatus(thrown: unknown): unknown {
  const error = thrown as FrameworkError
  try {
    if (typeof error.getResponse === 'function') return error.getStatus?.() ?? error.status
    // Express' router gives a status to the URIError of a malformed path, and nothing else.
    const meant =
      error.expose === true ||
      error.name === 'URIError' ||
      (typeof error.code === 'string' && error.code.startsWith('FST_ERR_'))
    return meant ? error.statusCode : undefined
  } catch {
    // Something that cannot even be looked at is no framework's.
    return undefined
  }
}
