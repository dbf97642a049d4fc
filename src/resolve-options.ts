import type { RetryPolicy } from './backoff.ts'
import { checkDuration, checkHeaders, fail, rejectUnknown } from './check.ts'
import type { CallEvent } from './events.ts'
import type { Options, RetryOptions, TimeoutOptions } from './options.ts'
import type { TransportChoice } from './transport/transport.ts'

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
  proxy: 'env',
  wire: 'auto',
  rawEvents: false,
  maxResponseBytes: 32 * 1024 * 1024,
} as const satisfies Options

/** Members that may be left out, but not be undefined: what has been given, and nothing else. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Options of one layer (a client's defaults, a `with`, a call) or of several merged: checked, and in one form. */
export interface Layer {
  readonly timeout: Given<TimeoutOptions>
  /** Epoch milliseconds. */
  readonly deadline: number | undefined
  readonly signals: readonly AbortSignal[]
  /** True where the ambient context of a request being served is left alone. */
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
  readonly metadata: Readonly<Record<string, string | number | boolean>>
  readonly onEvents: readonly ((event: CallEvent) => void)[]
}

/** What holds where nothing is said. */
export const BARE: Layer = {
  timeout: {},
  deadline: undefined,
  signals: [],
  detached: false,
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
  metadata: {},
  onEvents: [],
}

const TIMEOUTS = new Set(['total', 'attempt', 'connect', 'headers', 'firstToken', 'idle'])
const RETRIES = new Set(['maxRetries', 'baseDelay', 'maxDelay', 'factor', 'jitter', 'maxRetryAfter', 'shouldRetry'])
const WIRES = ['auto', 'json', 'stream']
const JITTERS = ['full', 'equal', 'decorrelated', 'none']
export const OPTION_NAMES: ReadonlySet<string> = new Set([
  'timeout',
  'deadline',
  'signal',
  'detached',
  'retry',
  'apiKey',
  'headers',
  'idempotencyKey',
  'fetch',
  'dispatcher',
  'proxy',
  'wire',
  'rawEvents',
  'maxResponseBytes',
  'metadata',
  'onEvent',
])

/**
 * Lays options over a layer. Plain values replace; `timeout`, `retry`, `headers` and `metadata` merge by key; every signal and every
 * onEvent stays, the outermost first; the earliest deadline holds. Throws a TypeError that names the member and the remedy.
 */
export function layOver(base: Layer, options: Options, what = 'options'): Layer {
  rejectUnknown(what, options, OPTION_NAMES)
  const { fetch, dispatcher, proxy } = transportOf(what, options)
  const chosen = fetch !== undefined || dispatcher !== undefined || proxy !== undefined
  return {
    timeout: options.timeout === undefined ? base.timeout : { ...base.timeout, ...timeouts(what, options.timeout) },
    deadline: earliest(base.deadline, deadline(what, options.deadline)),
    signals: options.signal ? [...base.signals, signal(what, options.signal)] : base.signals,
    detached: options.detached === undefined ? base.detached : detached(what, options.detached),
    retry: retries(what, base.retry, options.retry),
    apiKey: options.apiKey === undefined ? base.apiKey : apiKey(what, options.apiKey),
    headers:
      options.headers === undefined
        ? base.headers
        : { ...base.headers, ...checkHeaders(`${what}.headers`, options.headers) },
    idempotencyKey:
      options.idempotencyKey === undefined ? base.idempotencyKey : idempotencyKey(what, options.idempotencyKey),
    // The three exclude each other, so that a call which names one of them leaves the client's choice altogether.
    fetch: chosen ? fetch : base.fetch,
    dispatcher: chosen ? dispatcher : base.dispatcher,
    proxy: chosen ? proxy : base.proxy,
    wire: options.wire === undefined ? base.wire : wire(what, options.wire),
    rawEvents: options.rawEvents ?? base.rawEvents,
    maxResponseBytes:
      options.maxResponseBytes === undefined
        ? base.maxResponseBytes
        : checkDuration(`${what}.maxResponseBytes`, options.maxResponseBytes, 'bytes'),
    metadata:
      options.metadata === undefined ? base.metadata : { ...base.metadata, ...metadata(what, options.metadata) },
    onEvents: options.onEvent ? [...base.onEvents, onEvent(what, options.onEvent)] : base.onEvents,
  }
}

export const earliest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)

function timeouts(what: string, value: NonNullable<Options['timeout']>): Given<TimeoutOptions> {
  if (typeof value === 'number') return { total: checkDuration(`${what}.timeout`, value, 'milliseconds') }
  if (typeof value !== 'object' || value === null)
    fail(`${what}.timeout`, value, 'a number of milliseconds or an object of limits')
  rejectUnknown(`${what}.timeout`, value, TIMEOUTS)
  const given: Record<string, number> = {}
  for (const [name, limit] of Object.entries(value)) {
    if (limit !== undefined) given[name] = checkDuration(`${what}.timeout.${name}`, limit, 'milliseconds')
  }
  return given
}

function deadline(what: string, value: Options['deadline']): number | undefined {
  if (value === undefined) return undefined
  const epoch =
    typeof value === 'number' ? value : typeof value === 'object' && value !== null ? value.getTime?.() : Number.NaN
  if (Number.isNaN(epoch)) fail(`${what}.deadline`, value, 'a valid Date, or milliseconds since the Unix epoch')
  return epoch
}

function signal(what: string, value: AbortSignal): AbortSignal {
  if (typeof value.addEventListener !== 'function' || typeof value.aborted !== 'boolean') {
    fail(`${what}.signal`, value, 'an AbortSignal (for a controller, pass controller.signal)')
  }
  return value
}

function detached(what: string, value: boolean): boolean {
  if (typeof value !== 'boolean') fail(`${what}.detached`, value, 'true or false')
  return value
}

function retries(what: string, base: Layer['retry'], value: Options['retry']): Layer['retry'] {
  if (value === undefined) return base
  if (value === false) return false
  const below = base === false ? {} : base
  if (typeof value === 'number') return { ...below, maxRetries: count(`${what}.retry`, value) }
  if (typeof value !== 'object' || value === null)
    fail(`${what}.retry`, value, 'a number of retries, an object, or false')
  rejectUnknown(`${what}.retry`, value, RETRIES)
  const given: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) given[name] = retryMember(`${what}.retry.${name}`, name, member)
  }
  return { ...below, ...given }
}

function retryMember(field: string, name: string, value: unknown): unknown {
  switch (name) {
    case 'maxRetries':
      return count(field, value)
    case 'jitter':
      if (!JITTERS.includes(value as string)) fail(field, value, `one of ${JITTERS.join(', ')}`)
      return value
    case 'shouldRetry':
      if (typeof value !== 'function') fail(field, value, 'a function')
      return value
    case 'factor':
      if (typeof value !== 'number' || !(value >= 1)) fail(field, value, 'a number of at least 1')
      return value
    default:
      if (typeof value !== 'number' || !(value >= 0)) fail(field, value, 'a number of milliseconds of at least 0')
      return value
  }
}

function count(field: string, value: unknown): number {
  if (value !== Infinity && (!Number.isInteger(value) || (value as number) < 0))
    fail(field, value, 'a whole number of at least 0')
  return value as number
}

function apiKey(what: string, value: NonNullable<Options['apiKey']>): Options['apiKey'] {
  if (typeof value === 'function') return value
  if (typeof value !== 'string' || value === '')
    fail(`${what}.apiKey`, undefined, 'a non-empty string, or a function that gives one')
  checkHeaders(what, { apiKey: value })
  return value
}

function idempotencyKey(what: string, value: string): string {
  if (typeof value !== 'string' || value === '') fail(`${what}.idempotencyKey`, value, 'a non-empty string')
  checkHeaders(what, { idempotencyKey: value })
  return value
}

function wire(what: string, value: Layer['wire']): Layer['wire'] {
  if (!WIRES.includes(value)) fail(`${what}.wire`, value, `one of ${WIRES.join(', ')}`)
  return value
}

function transportOf(what: string, options: Options): Pick<Layer, 'fetch' | 'dispatcher' | 'proxy'> {
  const { fetch, dispatcher } = options
  const proxy = options.proxy instanceof URL ? options.proxy.href : options.proxy
  if (fetch !== undefined && fetch !== 'global' && typeof fetch !== 'function') {
    fail(`${what}.fetch`, fetch, "a WHATWG fetch function, or 'global'")
  }
  if (dispatcher !== undefined && typeof dispatcher?.dispatch !== 'function') {
    fail(`${what}.dispatcher`, dispatcher, 'an undici dispatcher (an object with a dispatch method)')
  }
  if (
    proxy !== undefined &&
    proxy !== false &&
    proxy !== 'env' &&
    !(typeof proxy === 'string' && URL.canParse(proxy))
  ) {
    fail(`${what}.proxy`, undefined, "an absolute URL, 'env', or false")
  }
  const named = [fetch && 'fetch', dispatcher && 'dispatcher', proxy && 'proxy'].filter(Boolean)
  if (named.length > 1)
    throw new TypeError(`${what}.${named.join(` and ${what}.`)} exclude each other: keep one of them`)
  return { fetch, dispatcher, proxy }
}

function metadata(what: string, value: NonNullable<Options['metadata']>): NonNullable<Options['metadata']> {
  if (typeof value !== 'object' || value === null)
    fail(`${what}.metadata`, value, 'an object of strings, numbers and booleans')
  for (const [key, member] of Object.entries(value)) {
    if (!['string', 'number', 'boolean'].includes(typeof member)) {
      fail(`${what}.metadata.${key}`, member, 'a string, a number or a boolean')
    }
  }
  return value
}

function onEvent(what: string, value: NonNullable<Options['onEvent']>): NonNullable<Options['onEvent']> {
  if (typeof value !== 'function') fail(`${what}.onEvent`, value, 'a function')
  return value
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

/** A layer with nothing left open. */
export interface Settings {
  readonly layer: Layer
  readonly limits: Limits
  /** Undefined where `retry` is false: one request at the most. */
  readonly policy: RetryPolicy | undefined
  readonly shouldRetry: RetryOptions['shouldRetry']
  readonly transport: TransportChoice
}

export function settle(layer: Layer): Settings {
  const { timeout, retry } = layer
  return {
    layer,
    limits: { ...DEFAULTS.timeout, ...timeout, given: timeout },
    policy: retry === false ? undefined : { baseDelay: undefined, maxDelay: undefined, ...DEFAULTS.retry, ...retry },
    shouldRetry: retry === false ? undefined : retry.shouldRetry,
    transport: { fetch: layer.fetch, dispatcher: layer.dispatcher, proxy: layer.proxy ?? DEFAULTS.proxy },
  }
}
