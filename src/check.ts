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

/** A limit: a number above zero, or Infinity for none. */
export function checkDuration(field: string, value: unknown, unit: string): number {
  if (typeof value !== 'number' || !(value > 0))
    fail(field, value, `a number of ${unit} above 0 (Infinity for no limit)`)
  return value
}

// RFC 9110 section 5.5: a field value holds no control characters but the tab; anything above U+00FF cannot be written as a byte.
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/
// RFC 9110 section 5.6.2: a field name is a token.
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Headers with their names in lower case; refuses what would break out of its line. Values are never shown: they may be secret. */
export function checkHeaders(
  field: string,
  headers: Readonly<Record<string, string | null | undefined>>,
): Record<string, string | null> {
  if (typeof headers !== 'object' || headers === null) fail(field, headers, 'an object of names and values')
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

/** Names of the public contract that this version does not know yet. */
const PLANNED = new Set([
  'tools',
  'toolChoice',
  'parallelToolCalls',
  'output',
  'outputRetries',
  'budget',
  'fallbacks',
  'breaker',
  'hedge',
  'limits',
])

/** Throws a TypeError for the first member that is not known, naming the one that was probably meant. */
export function rejectUnknown(what: string, value: object, known: ReadonlySet<string>): void {
  for (const key in value) {
    if (known.has(key) || (value as Record<string, unknown>)[key] === undefined) continue
    if (PLANNED.has(key)) throw new TypeError(`${what}.${key} is not available in this version yet: leave it out`)
    const meant = likely(key, known)
    throw new TypeError(
      `${what}.${key} is unknown: ${meant ? `did you mean ${meant}?` : `known are ${[...known].join(', ')}`}`,
    )
  }
}
