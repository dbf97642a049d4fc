import type { Attempt } from './attempt-record.ts'
import type { Metadata, PartialAnswer } from './result.ts'

/** What kind of failure it is. May grow in a minor version. */
export type Code = (typeof CODES)[number]

const CODES = [
  'timeout',
  'aborted',
  'network',
  'rate_limit',
  'quota_exceeded',
  'overloaded',
  'server_error',
  'authentication',
  'permission',
  'not_found',
  'invalid_request',
  'context_length',
  'content_filter',
  'invalid_response',
  'circuit_open',
] as const

/** Whether a word of somebody else's is one of the codes. */
export const isCode = (value: unknown): value is Code => (CODES as readonly unknown[]).includes(value)

/** Begins the message, after the code, of a call that ended because its client was closed. */
export const CLIENT_CLOSED = 'the client was closed'

/** Which limit expired. `signal`: the caller's own signal carried a TimeoutError (`AbortSignal.timeout`). */
export type TimeoutPhase = 'total' | 'attempt' | 'connect' | 'headers' | 'firstToken' | 'idle' | 'signal'

/**
 * Why no further attempt was made.
 *
 * `not_retryable`: it would end alike, or its caller had been given content already · `max_retries`: the count is used up ·
 * `retry_after`: the server asked for a longer wait than `maxRetryAfter` or than what is left · `deadline`: our own wait does not fit, or
 * the total expired · `budget`: the retry budget is empty · `aborted`: the caller left · `circuit`: the circuit breaker is open.
 * (`budget` and `circuit` are reserved.)
 */
export type StopReason = 'not_retryable' | 'max_retries' | 'retry_after' | 'deadline' | 'budget' | 'aborted' | 'circuit'

/** The last answer that the provider gave: at most 64 KiB of its body (8 KiB of one that is read as it comes), without secrets. */
export interface ErrorResponse {
  /** The HTTP status. */
  readonly status: number
  /** Without cookies, and without values that are secret. */
  readonly headers: Headers
  /** As text; how much of it, see above. */
  readonly body: string
}

/** What a CompletionError is made of: its members (see there), of which only `code` and `message` are required. */
export interface CompletionErrorInit<C extends Code = Code> {
  readonly code: C
  readonly message: string
  readonly retryable?: boolean | undefined
  /** With code `timeout` alone. @defaultValue 'total' */
  readonly phase?: TimeoutPhase | undefined
  readonly stopReason?: StopReason | undefined
  readonly sent?: boolean | undefined
  readonly status?: number | undefined
  readonly providerCode?: string | undefined
  readonly providerMessage?: string | undefined
  readonly param?: string | undefined
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly callId?: string | undefined
  readonly metadata?: Metadata | undefined
  readonly duration?: number | undefined
  readonly attempts?: readonly Attempt[] | undefined
  readonly partial?: PartialAnswer | undefined
  readonly response?: ErrorResponse | undefined
  readonly cause?: unknown
}

/** The plain form of an error, safe to log and to send: no prompt, no answer, no secret. */
export type CompletionErrorJSON = Omit<CompletionErrorInit, 'partial' | 'response' | 'cause'> & {
  readonly name: string
}

/** What `toJSON` gives: some members are always there. */
export type WrittenError = CompletionErrorJSON & Pick<CompletionError, 'retryable' | 'sent' | 'metadata' | 'attempts'>

const BRAND = Symbol.for('punctual.CompletionError')
const NAMES: Readonly<Partial<Record<Code, string>>> = { timeout: 'TimeoutError', aborted: 'AbortError' }

/** The members of the plain form, in the order in which a reader wants them. */
const PLAIN = [
  'retryable',
  'phase',
  'stopReason',
  'sent',
  'status',
  'providerCode',
  'providerMessage',
  'param',
  'requestId',
  'retryAfterMs',
  'provider',
  'model',
  'callId',
  'metadata',
  'duration',
  'attempts',
] as const satisfies readonly (keyof CompletionErrorInit)[]

/**
 * The one error that a call fails with. Recognise it with `isCompletionError`, which also holds across copies of the package;
 * then narrow by `code`. Its type is {@link AnyCompletionError}, a union on `code`: that is what to write where an error is passed on.
 */
export class CompletionError<C extends Code = Code> extends Error {
  /** What kind of failure it is. */
  readonly code: C
  /** Whether the same request may succeed when it is sent again: the final classification. */
  readonly retryable: boolean
  /** Which limit expired; with code `timeout` only. */
  declare readonly phase: C extends 'timeout' ? TimeoutPhase : undefined
  /** Why no further attempt was made. */
  declare readonly stopReason: StopReason | undefined
  /** True where the last request had begun to leave: the provider may have run it, and billed it. */
  readonly sent: boolean
  /** The HTTP status of the last response, which an earlier attempt may have had: `attempts` has each one's own. */
  declare readonly status: number | undefined
  /** The provider's own code for it. */
  declare readonly providerCode: string | undefined
  /** What the provider said, without secrets and without what it repeated of the prompt. */
  declare readonly providerMessage: string | undefined
  /** The request field that the provider complains of. */
  declare readonly param: string | undefined
  /** The provider's id of the request that had the last response, for its support. */
  declare readonly requestId: string | undefined
  /** How long the server asked to wait, in milliseconds. */
  declare readonly retryAfterMs: number | undefined
  /** The provider's name. */
  declare readonly provider: string | undefined
  /** The model that was asked for. */
  declare readonly model: string | undefined
  /** The same on every event of the call. */
  declare readonly callId: string | undefined
  /** The caller's labels. */
  readonly metadata: Metadata
  /** Milliseconds from the call to its failure. */
  declare readonly duration: number | undefined
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[]
  /** Whatever had been received. Not enumerable. */
  declare readonly partial: PartialAnswer | undefined
  /** The last answer. Not enumerable. */
  declare readonly response: ErrorResponse | undefined

  constructor(init: CompletionErrorInit<C>) {
    super(init.message, 'cause' in init && init.cause !== undefined ? { cause: init.cause } : undefined)
    this.code = init.code
    this.retryable = init.retryable ?? false
    this.sent = init.sent ?? false
    this.metadata = init.metadata ?? {}
    this.attempts = init.attempts ?? []
    // Its type says that a timeout has a phase, and nothing else has.
    const phase = init.code === 'timeout' ? (init.phase ?? 'total') : undefined
    for (const key of PLAIN) {
      const value = key === 'phase' ? phase : init[key]
      if (value !== undefined) Object.assign(this, { [key]: value })
    }
    hide(this, 'name', NAMES[init.code] ?? 'CompletionError')
    hide(this, 'partial', init.partial)
    hide(this, 'response', init.response)
    hide(this, BRAND, true)
  }

  /** The plain form: everything but `partial`, `response`, `cause` and the stack. */
  toJSON(): WrittenError {
    const plain: Record<string, unknown> = { name: this.name, code: this.code, message: this.message }
    for (const key of PLAIN) {
      if (this[key] !== undefined) plain[key] = this[key]
    }
    return plain as unknown as WrittenError
  }

  /** Restores an error from its plain form, for example one that crossed a queue or a worker's boundary. */
  static fromJSON(data: CompletionErrorJSON): AnyCompletionError {
    return restored(data)
  }
}

/** Outside the class: for a class that names itself within, the compiler of our build gives it another name. */
function restored(data: CompletionErrorJSON): AnyCompletionError {
  const { code, message } = (data ?? {}) as Partial<CompletionErrorJSON>
  if (typeof code !== 'string' || typeof message !== 'string')
    throw new TypeError('fromJSON: data must be what toJSON gave, an object with code and message')
  return new CompletionError(data) as AnyCompletionError
}

/** A CompletionError narrowed by its `code`. */
export type AnyCompletionError = { [C in Code]: CompletionError<C> }[Code]

/** Whether a value is a CompletionError, also one made by another copy of this package or in another realm. */
export function isCompletionError(value: unknown): value is AnyCompletionError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true
}

function hide(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true })
}
