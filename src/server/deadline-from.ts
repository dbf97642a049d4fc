import { fail, rejectUnknown } from '../base/check.ts'
import { epochOf } from '../base/epoch.ts'
import { headerOf, headersOf } from './host.ts'
import type { Platform } from './platforms.ts'
import { isTimeoutHeader, nameOf, readTimeout, type TimeoutHeader } from './timeout-headers.ts'

/** The context of a Lambda invocation. */
export interface LambdaContext {
  /** Milliseconds until Lambda stops the function. */
  getRemainingTimeInMillis(): number
}

/** A header that is believed, and the request (or its headers) that may carry it. */
export interface HeaderSource {
  /** One whose form is known by its name, or one of your own with its unit. */
  readonly header: TimeoutHeader
  /** A request of Node's, a web `Request`, a framework's, or headers. */
  readonly of: object
}

/** A platform's limit, counted from the moment that its event names. */
export interface PlatformSource {
  /** One of {@link platforms}, or your own. */
  readonly platform: Platform
  /** What the platform hands over, for example the event of a Lambda function behind API Gateway. */
  readonly event?: unknown
}

/** Something that knows how long an answer is waited for. A Date or a number (epoch ms) is a deadline already. */
export type DeadlineSource = LambdaContext | HeaderSource | Platform | PlatformSource | Date | number

/** One that may be absent says nothing. */
type Source = DeadlineSource | undefined

/** How {@link deadlineFrom} counts. */
export interface DeadlineFromOptions {
  /** Milliseconds kept back: for writing the answer, and for the way of the answer through whatever stands before the service. */
  readonly reserve: number
  /** Epoch milliseconds at which the request was received, for sources that do not know it. @defaultValue now */
  readonly startedAt?: number | undefined
}

/**
 * When an answer must be ready: the earliest of what the sources say, less the reserve, in epoch milliseconds: a call's `deadline`.
 * Undefined where none of them says anything. No header of a request is believed unless a source names it.
 *
 * @example
 * const deadline = deadlineFrom([context, { platform: platforms.awsApiGateway, event }], { reserve: 1_000 })
 */
export function deadlineFrom(source: Source | readonly Source[], options: DeadlineFromOptions): number | undefined {
  if (typeof options !== 'object' || options === null) fail('options', options, 'an object with reserve')
  rejectUnknown('options', options, OPTIONS)
  const { reserve, startedAt = Date.now() } = options
  if (typeof reserve !== 'number' || !(reserve >= 0)) fail('reserve', reserve, 'a number of milliseconds of at least 0')
  if (!Number.isFinite(startedAt)) fail('startedAt', startedAt, 'milliseconds since the Unix epoch')
  let earliest = Infinity
  for (const one of isList(source) ? source : [source]) earliest = Math.min(earliest, endOf(one, startedAt))
  return earliest === Infinity ? undefined : earliest - reserve
}

const OPTIONS = new Set(['reserve', 'startedAt'])

const isList = (source: Source | readonly Source[]): source is readonly Source[] => Array.isArray(source)

/** Infinity where the source says nothing. */
function endOf(source: Source, startedAt: number): number {
  if (source === undefined) return Infinity
  const told = epochOf(source)
  if (told !== undefined) return told
  if (typeof source !== 'object' || source === null) return fail('source', source, WANTED)
  if ('getRemainingTimeInMillis' in source)
    return Date.now() + milliseconds('getRemainingTimeInMillis()', source.getRemainingTimeInMillis())
  if ('header' in source) {
    if (!isTimeoutHeader(source.header))
      fail('source.header', source.header, "the name of a header, or { name, unit: 'ms' } or { name, unit: 's' }")
    if (typeof source.of !== 'object' || source.of === null) fail('source.of', source.of, 'a request, or its headers')
    const value = headerOf(headersOf(source.of), nameOf(source.header))
    return startedAt + (value === undefined ? Infinity : (readTimeout(source.header, value.trim()) ?? Infinity))
  }
  if ('platform' in source) {
    if (!source.platform) fail('source.platform', source.platform, 'one of platforms, or { limit }')
    return receipt(source, startedAt) + milliseconds('limit', source.platform.limit)
  }
  if ('limit' in source) return startedAt + milliseconds('limit', source.limit)
  return fail('source', source, WANTED)
}

function milliseconds(field: string, value: unknown): number {
  return typeof value === 'number' && !Number.isNaN(value) ? value : fail(field, value, 'a number of milliseconds')
}

/** A clock that runs ahead of ours must not make the limit longer. */
function receipt({ platform, event }: PlatformSource, startedAt: number): number {
  const told = platform.receivedAt?.(event)
  return typeof told === 'number' && told < startedAt ? told : startedAt
}

const WANTED = 'a Lambda context, { header, of }, a platform, { platform, event }, a valid Date or epoch milliseconds'
