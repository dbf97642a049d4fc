import {
  atLeast,
  checkHeaders,
  checkMembers,
  checkSetHeaders,
  fail,
  type Given,
  isRecord,
  kindsOf,
  oneOf,
  SECRET,
} from '../base/check.ts'
import { earliest, epochOf } from '../base/epoch.ts'
import { YOUNG } from '../base/young.ts'
import type { CallEvent } from '../vocabulary/events.ts'
import type { Options, RetryOptions, TimeoutOptions } from '../vocabulary/options.ts'
import type { Metadata } from '../vocabulary/result.ts'

/** Every default of the options, in one place. */
const DEFAULTS = {
  timeout: {
    total: 600_000,
    attempt: Infinity,
    connect: 10_000,
    headers: Infinity,
    firstToken: Infinity,
    idle: 120_000,
  },
  retry: { maxRetries: 2, factor: 2, jitter: 'full', maxRetryAfter: 120_000 },
  wire: 'auto',
  rawEvents: false,
  detached: false,
  maxResponseBytes: 32 * 1024 * 1024,
} as const satisfies Options

/** Options of one layer (a client's defaults, a `with`, a call) or of several merged: checked, and in one form. */
export interface Layer {
  readonly timeout: Given<TimeoutOptions>
  /** Epoch milliseconds. */
  readonly deadline: number | undefined
  readonly signals: readonly AbortSignal[]
  readonly detached: boolean
  readonly retry: Given<RetryOptions> | false
  readonly apiKey: Options['apiKey']
  /** Names in lower case; null removes what a provider would send. */
  readonly headers: Readonly<Record<string, string | null>>
  readonly idempotencyKey: string | undefined
  readonly fetch: Options['fetch']
  readonly dispatcher: Options['dispatcher']
  readonly proxy: 'env' | string | false | undefined
  readonly wire: 'auto' | 'json' | 'stream'
  readonly rawEvents: boolean
  readonly maxResponseBytes: number
  readonly metadata: Metadata
  readonly onEvents: readonly ((event: CallEvent) => void)[]
}

/** What holds where nothing is said. */
export const BARE: Layer = {
  timeout: {},
  deadline: undefined,
  signals: [],
  detached: DEFAULTS.detached,
  retry: {},
  apiKey: undefined,
  headers: {},
  idempotencyKey: undefined,
  fetch: undefined,
  dispatcher: undefined,
  proxy: undefined,
  wire: DEFAULTS.wire,
  rawEvents: DEFAULTS.rawEvents,
  maxResponseBytes: DEFAULTS.maxResponseBytes,
  // One object for every call that has none.
  metadata: Object.freeze({}),
  onEvents: [],
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isCount = (value: unknown): boolean => value === Infinity || (Number.isInteger(value) && (value as number) >= 0)

const LIMIT = atLeast((value) => value > 0, 'a number of milliseconds above 0 (Infinity for no limit)')
const WAIT = atLeast((value) => value >= 0, 'a number of milliseconds of at least 0')

const TIMEOUTS = kindsOf<TimeoutOptions>({
  total: LIMIT,
  attempt: LIMIT,
  connect: LIMIT,
  headers: LIMIT,
  firstToken: LIMIT,
  idle: LIMIT,
})

const RETRIES = kindsOf<RetryOptions>({
  maxRetries: [isCount, 'a whole number of at least 0'],
  baseDelay: atLeast((value) => value >= 0 && value < Infinity, 'a finite number of milliseconds of at least 0'),
  maxDelay: WAIT,
  factor: atLeast((value) => value >= 1, 'a number of at least 1'),
  jitter: oneOf('full', 'equal', 'decorrelated', 'none'),
  maxRetryAfter: WAIT,
  shouldRetry: [isFunction, 'a function'],
})

const OPTIONS = kindsOf<Options>({
  timeout: [(value) => LIMIT[0](value) || isRecord(value), `${LIMIT[1]}, or an object of limits`],
  deadline: [(value) => epochOf(value) !== undefined, 'a valid Date, or milliseconds since the Unix epoch'],
  signal: [
    (value) =>
      value === null ||
      (isObject(value) && ['aborted', 'addEventListener', 'removeEventListener'].every((name) => name in value)),
    'an AbortSignal (for a controller, pass controller.signal)',
  ],
  retry: [
    (value) => value === false || isCount(value) || isRecord(value),
    'a whole number of at least 0, an object, or false',
  ],
  apiKey: [(value) => isFunction(value) || isText(value), 'a non-empty string, or a function that gives one', SECRET],
  headers: [isObject, 'an object of names and values'],
  idempotencyKey: [isText, 'a non-empty string'],
  fetch: [(value) => value === 'global' || isFunction(value), "a WHATWG fetch function, or 'global'"],
  dispatcher: [
    (value) => isFunction((value as Options['dispatcher'])?.dispatch),
    'an undici dispatcher (an object with a dispatch method)',
  ],
  proxy: [
    (value) => value === false || value === 'env' || URL.canParse(String(value)),
    "an absolute URL, 'env', or false",
    SECRET,
  ],
  wire: oneOf('auto', 'json', 'stream'),
  rawEvents: [(value) => typeof value === 'boolean', 'true or false'],
  detached: [(value) => typeof value === 'boolean', 'true or false'],
  maxResponseBytes: atLeast((value) => value > 0, 'a number of bytes above 0 (Infinity for no limit)'),
  metadata: [isRecord, 'an object of strings, numbers and booleans'],
  onEvent: [isFunction, 'a function'],
})

/**
 * Lays options over a layer. Plain values replace; `timeout`, `retry`, `headers` and `metadata` merge by key; every signal and every
 * onEvent stays, the outermost first; the earliest deadline holds. Throws a TypeError that names the member and the remedy.
 */
export function layOver(base: Layer, options: Options, what = 'options'): Layer {
  // Read once: the caller's object may have getters, or be written to.
  const given = checkMembers(what, options, OPTIONS)
  const { timeout, deadline, signal, retry, headers, proxy: _, metadata, onEvent, ...plain } = given
  const { apiKey, idempotencyKey } = plain
  if (typeof apiKey === 'string' || idempotencyKey !== undefined)
    checkHeaders(what, { apiKey: typeof apiKey === 'string' ? apiKey : undefined, idempotencyKey })
  return {
    // A copy first, here and below: see BLANK in open-call.ts.
    ...base,
    ...plain,
    ...transportOf(what, given),
    timeout: timeout === undefined ? base.timeout : { ...base.timeout, ...timeouts(what, timeout) },
    deadline: earliest(base.deadline, epochOf(deadline)),
    signals: signal ? [...base.signals, signal] : base.signals,
    retry: retries(what, base.retry, retry),
    headers: headers ? { ...base.headers, ...checkSetHeaders(`${what}.headers`, headers) } : base.headers,
    metadata: metadata ? Object.freeze({ ...base.metadata, ...checkMetadata(what, metadata) }) : base.metadata,
    onEvents: onEvent ? [...base.onEvents, onEvent] : base.onEvents,
  }
}

function timeouts(what: string, value: NonNullable<Options['timeout']>): Given<TimeoutOptions> {
  return typeof value === 'number' ? { total: value } : checkMembers(`${what}.timeout`, value, TIMEOUTS)
}

function retries(what: string, base: Layer['retry'], value: Options['retry']): Layer['retry'] {
  if (value === undefined) return base
  if (value === false) return false
  const given = typeof value === 'number' ? { maxRetries: value } : checkMembers(`${what}.retry`, value, RETRIES)
  return { ...base, ...given }
}

function transportOf(what: string, given: Given<Options>): Partial<Pick<Layer, 'fetch' | 'dispatcher' | 'proxy'>> {
  const { fetch, dispatcher } = given
  if (!fetch && !dispatcher && given.proxy === undefined) return {}
  const proxy = given.proxy instanceof URL ? given.proxy.href : given.proxy
  const named = [fetch && 'fetch', dispatcher && 'dispatcher', proxy && 'proxy'].filter(Boolean)
  if (named.length > 1)
    throw new TypeError(`${what}.${named.join(` and ${what}.`)} exclude each other: keep one of them`)
  // A call which names one of them leaves the client's choice altogether.
  return { fetch, dispatcher, proxy }
}

function checkMetadata(what: string, value: NonNullable<Options['metadata']>): Metadata {
  const given: Record<string, string | number | boolean> = {}
  for (const [key, member] of Object.entries(value) as Iterable<[string, unknown]>) {
    if (member === undefined) continue
    if (typeof member !== 'string' && typeof member !== 'number' && typeof member !== 'boolean')
      fail(`${what}.metadata.${key}`, member, 'a string, a number or a boolean')
    given[key] = member
  }
  return given
}

/** The limits of a call with every default in place, and which of them the caller has set. */
export interface Limits {
  readonly total: number
  readonly attempt: number
  readonly connect: number
  readonly headers: number
  readonly firstToken: number
  readonly idle: number
  readonly given: Given<TimeoutOptions>
}

/** A retry policy with every member decided. `baseDelay` and `maxDelay` are undefined where the caller left them open. */
export interface RetryPolicy {
  readonly maxRetries: number
  readonly baseDelay: number | undefined
  readonly maxDelay: number | undefined
  readonly factor: number
  readonly jitter: 'full' | 'equal' | 'decorrelated' | 'none'
  readonly maxRetryAfter: number
  readonly shouldRetry?: RetryOptions['shouldRetry']
}

/** A layer with nothing left open. */
export interface Settings {
  readonly layer: Layer
  readonly limits: Limits
  /** Undefined where `retry` is false: one request at the most. */
  readonly policy: RetryPolicy | undefined
}

export function resolveSettings(layer: Layer): Settings {
  const { timeout, retry } = layer
  return {
    ...YOUNG,
    layer,
    limits: { ...LIMITS, ...timeout, given: timeout },
    policy: retry === false ? undefined : { ...POLICY, ...retry },
  }
}

const LIMITS: Limits = { ...DEFAULTS.timeout, given: {} }
const POLICY: RetryPolicy = { baseDelay: undefined, maxDelay: undefined, ...DEFAULTS.retry }
