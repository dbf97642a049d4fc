import { checkJson, fail } from '../base/check.ts'
import { type JsonObject, object } from '../base/json.ts'
import type { Issue } from '../vocabulary/result.ts'
import type { StandardIssue, StandardResult } from '../vocabulary/standard-schema.ts'
import { misfits } from './json-schema-check.ts'

/** A schema of the caller's in one form: what is sent, and how a value is validated. */
export interface ReadSchema {
  readonly json: JsonObject
  /** Undefined for JSON Schema: a value is held against what of it `misfits` knows. */
  readonly validate: ((value: unknown) => StandardResult<unknown> | Promise<StandardResult<unknown>>) | undefined
}

/** A validated value, or why it does not fit. `fault`: the schema's own code threw. */
export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly fault?: unknown }

/** Converting a schema costs more than a call does, and a schema does not change. */
const converted = new WeakMap<object, JsonObject>()
/** Plain schemas of which it is known that they can be sent. */
const sendable = new WeakSet<object>()

const REMEDY =
  'zod (4.2 or later) and arktype (2.1.28 or later) schemas can be given as they are, valibot schemas through ' +
  "toStandardJsonSchema() of '@valibot/to-json-schema'; for any other give { schema, jsonSchema }"

/** What a JSON Schema begins with; an object without any of them is something else given by mistake. */
const KEYWORDS = ['type', 'properties', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'items', '$schema', '$defs']

/** Reads a Standard Schema, `{ schema, jsonSchema }` or JSON Schema. Throws a TypeError that names the field and the remedy. */
export function readSchema(field: string, value: unknown): ReadSchema {
  const props = standardProps(value)
  if (props) return { json: offered(field, value as object, props), validate: validateOf(props) }
  const pair = pairOf(value)
  return pair ? readPair(field, pair) : { json: checkJsonSchema(field, value), validate: undefined }
}

/** A schema given with its JSON Schema beside it: neither name is a keyword of JSON Schema. */
export function pairOf(value: unknown): Record<string, unknown> | undefined {
  const pair = standardProps(value) ? undefined : object(value)
  return pair && ('schema' in pair || 'jsonSchema' in pair) ? pair : undefined
}

function readPair(field: string, { schema, jsonSchema }: Record<string, unknown>): ReadSchema {
  const props = standardProps(schema)
  if (!props) fail(`${field}.schema`, schema, 'a Standard Schema (zod, arktype, valibot …)')
  if (jsonSchema === undefined) return readSchema(`${field}.schema`, schema)
  return { json: checkJsonSchema(`${field}.jsonSchema`, jsonSchema), validate: validateOf(props) }
}

/** What stands under `~standard`; a schema may be a function (arktype). */
function standardProps(value: unknown): Record<string, unknown> | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  return object((value as Record<string, unknown>)['~standard'])
}

/** Called as a method: a library may count on it. */
function validateOf(props: Record<string, unknown>): ReadSchema['validate'] {
  const { validate: method } = props
  return typeof method === 'function' ? (value) => method.call(props, value) as StandardResult<unknown> : undefined
}

function offered(field: string, schema: object, { vendor, jsonSchema }: Record<string, unknown>): JsonObject {
  const known = converted.get(schema)
  if (known) return known
  const converter = object(jsonSchema)
  const input = converter?.input
  if (typeof input !== 'function') {
    throw new TypeError(`${field} is a schema of ${String(vendor)} that offers no JSON Schema: ${REMEDY}`)
  }
  let json: unknown
  try {
    json = input.call(converter, { target: 'draft-2020-12' })
  } catch (error) {
    // The library's words are of the schema alone: no prompt and no answer has met it yet.
    const reason = String((error as { message?: unknown } | null)?.message ?? error).split('\n', 1)[0]
    throw new TypeError(
      `${field} cannot be expressed as JSON Schema (${String(vendor)}: ${reason}): use a type that JSON has, such as an ISO string ` +
        'for a date, or give { schema, jsonSchema }',
      { cause: error },
    )
  }
  const checked = checkJsonSchema(field, json, true)
  converted.set(schema, checked)
  return checked
}

/** `$schema` is dropped: some providers refuse it, and none needs it. */
function checkJsonSchema(field: string, value: unknown, trusted = false): JsonObject {
  const json = object(value)
  if (!json || !(trusted || isPlain(json)))
    fail(field, value ?? null, `a Standard Schema that offers JSON Schema, or JSON Schema (${REMEDY})`)
  if (Object.keys(json).length > 0 && !KEYWORDS.some((keyword) => keyword in json)) {
    throw new TypeError(`${field} is no JSON Schema, for it has none of its keywords: ${REMEDY}`)
  }
  if (!sendable.has(json)) checkJson(field, json)
  sendable.add(json)
  const { $schema: _, ...rest } = json
  return rest
}

/** Of whichever realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Validates a value. Answers at once where the schema does. */
export function validate({ json, validate: check }: ReadSchema, value: unknown): Validated | Promise<Validated> {
  if (!check) {
    const issues = misfits(json, value)
    return issues.length > 0 ? { ok: false, issues } : { ok: true, value }
  }
  try {
    const result = check(value)
    return 'then' in result ? Promise.resolve(result).then(validated).catch(thrown) : validated(result)
  } catch (error) {
    return thrown(error)
  }
}

function validated(result: StandardResult<unknown>): Validated {
  return result.issues ? { ok: false, issues: result.issues.map(issueOf) } : { ok: true, value: result.value }
}

const thrown = (fault: unknown): Validated => ({
  ok: false,
  issues: [{ message: "the schema's own code threw while it validated" }],
  fault,
})

/** Libraries give path segments as keys or as objects that hold one, in an array of their own kind (arktype). */
function issueOf({ message, path }: StandardIssue): Issue {
  if (!path || path.length === 0) return { message }
  return {
    message,
    path: Array.from(path, (segment) => {
      const key = typeof segment === 'object' ? segment.key : segment
      return typeof key === 'number' ? key : String(key)
    }),
  }
}
