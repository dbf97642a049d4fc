import { likely } from './suggest.ts'

/** Throws the TypeError of a wrong value: the field, what came, what is wanted. Values that may be secret are passed as undefined. */
export function fail(field: string, value: unknown, wanted: string): never {
  throw new TypeError(`${field} must be ${wanted}${value === undefined ? '' : `, got ${shown(value)}`}`)
}

/** A value as an error message may show it: short, and never its contents where those could be a prompt. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'string':
      return value.length <= 20 ? JSON.stringify(value) : `a string of ${value.length} characters`
    case 'object':
      return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** An object with members of its own: a Map, a Headers, a Date or an array would lose what it holds unseen. */
export const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(Symbol.iterator in value) && !('getTime' in value)

/** Wire fields, which are sent as they are. What they hold may be a piece of the prompt and is not shown. */
export function checkWireFields(field: string, value: unknown): void {
  if (!isRecord(value)) fail(field, typeof value === 'string' ? undefined : (value ?? null), 'an object of wire fields')
  checkJson(field, value)
}

/** Throws where a value cannot be written as JSON. */
export function checkJson(field: string, value: unknown): void {
  try {
    JSON.stringify(value)
  } catch (cause) {
    throw new TypeError(`${field} must be JSON: no bigint and no cycle`, { cause })
  }
}

/** What a member must be: the test, how a complaint says it, and whether the value is kept out of the complaint. */
export type Kind = readonly [holds: (value: unknown) => boolean, wanted: string, secret?: true]
export type Kinds<T> = ReadonlyMap<keyof T & string, Kind>

/** Members that may be left out, but not be undefined: what has been given, and nothing else. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

export const SECRET = true

export function kindsOf<T>(kinds: Readonly<Record<keyof T & string, Kind>>): Kinds<T> {
  return new Map(Object.entries(kinds)) as unknown as Kinds<T>
}

export function oneOf(...values: readonly string[]): Kind {
  return [(value) => values.includes(value as string), `one of ${values.join(', ')}`]
}

export function atLeast(holds: (value: number) => boolean, wanted: string): Kind {
  return [(value) => typeof value === 'number' && holds(value), wanted]
}

/** Checks an object's members, of which every one may be absent or undefined, and gives back those that are neither. */
export function checkMembers<T extends object>(what: string, value: T, kinds: Kinds<T>): Given<T> {
  if (typeof value !== 'object' || value === null) fail(what, value, 'an object')
  const given: Record<string, unknown> = {}
  for (const name in value) {
    const member = value[name]
    if (member === undefined) continue
    const kind = kinds.get(name)
    if (!kind) unknown(what, name, kinds)
    if (!kind[0](member)) fail(`${what}.${name}`, kind[2] ? undefined : member, kind[1])
    given[name] = member
  }
  return given as Given<T>
}

// RFC 9110 section 5.5: a field value holds no control characters but the tab; anything above U+00FF cannot be written as a byte.
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/
// RFC 9110 section 5.6.2: a field name is a token.
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

type HeaderValues = Readonly<Record<string, string | null | undefined>>

/** Headers with their names in lower case; refuses what would break out of its line. Values are never shown: they may be secret. */
export function checkHeaders(field: string, headers: HeaderValues): Record<string, string | null> {
  if (!isRecord(headers))
    fail(field, headers, 'an object of names and values (of a Headers: Object.fromEntries(headers))')
  const checked: Record<string, string | null> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    if (!NAME.test(name))
      throw new TypeError(`${field} has an invalid header name: ${JSON.stringify(name.slice(0, 40))}`)
    if (value !== null && typeof value !== 'string')
      fail(`${field}.${name}`, undefined, 'a string, or null to remove it')
    if (value !== null && BAD_VALUE.test(value)) {
      throw new TypeError(`${field}.${name} has a line break or another character that no header may hold: remove it`)
    }
    checked[name.toLowerCase()] = value
  }
  return checked
}

/** Headers of which none is to be removed: there is nothing that it could be removed from. */
export function withoutNull(headers: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null))
}

/** What frames a message or speaks of its connection: a value of somebody else's is refused by Node, or waited for until the end. */
const TRANSPORTS_OWN = ['content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']

/** `checkHeaders` for those that are set before there is a request; one that signs it may name its length. */
export function checkSetHeaders(field: string, headers: HeaderValues): Record<string, string | null> {
  const checked = checkHeaders(field, headers)
  const wrong = TRANSPORTS_OWN.find((name) => name in checked)
  if (wrong) throw new TypeError(`${field}.${wrong} is the transport's to set: leave it out`)
  return checked
}

/** Names of the public contract that this version does not know yet. */
const PLANNED = new Set(['budget', 'fallbacks', 'breaker', 'hedge', 'limits'])

/** A Set of names, or a Map by name. */
type Known = Pick<ReadonlySet<string>, 'has' | 'keys'>

/** Throws a TypeError for what is no object, and for the first member that is not known, naming the one that was probably meant. */
export function rejectUnknown(what: string, value: object, known: Known): void {
  if (typeof value !== 'object' || value === null) fail(what, value, 'an object')
  for (const key in value) {
    if (!known.has(key) && (value as Record<string, unknown>)[key] !== undefined) unknown(what, key, known)
  }
}

function unknown(what: string, key: string, known: Known): never {
  if (PLANNED.has(key) && /^(?:options|defaults)\b/.test(what))
    throw new TypeError(`${what}.${key} is not available in this version yet: leave it out`)
  const meant = likely(key, known.keys())
  throw new TypeError(
    `${what}.${key} is unknown: ${meant ? `did you mean ${meant}?` : `known are ${[...known.keys()].join(', ')}`}`,
  )
}
