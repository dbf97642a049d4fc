import { type JsonObject, object } from '../base/json.ts'

/** What an answer that is no object is wrapped in. */
export const WRAPPER = 'value'

/** Whether a schema's root is an object and nothing else: providers take no other root. */
export const describesObject = (schema: JsonObject): boolean =>
  schema.type === 'object' && !['anyOf', 'oneOf', 'allOf', '$ref'].some((keyword) => keyword in schema)

/** A schema as the only member of an object; its definitions stay at the root, where references look for them. */
export function wrapped(schema: JsonObject): JsonObject {
  const { $defs, definitions, ...root } = schema
  return {
    type: 'object',
    properties: { [WRAPPER]: moved(root) },
    required: [WRAPPER],
    additionalProperties: false,
    ...($defs !== undefined && { $defs: moved($defs) }),
    ...(definitions !== undefined && { definitions: moved(definitions) }),
  }
}

/** References to the root, or to what is below it and no definition, follow it into the wrapper. */
function moved(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(moved)
  const schema = object(node)
  if (!schema) return node
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      const own = key === '$ref' && typeof value === 'string' && /^#(?:$|\/(?!\$defs\/|definitions\/))/.test(value)
      return [key, own ? `#/properties/${WRAPPER}${value.slice(1)}` : moved(value)]
    }),
  )
}

/**
 * Takes out nulls that can only mean "absent": members that the schema knows, does not require, and never lets be null. Strict modes
 * know no optional member, so that there null is the only way to leave one out; other models write it on their own.
 */
export function withoutNulls(schema: JsonObject, value: unknown): unknown {
  return clean(value, [schema], schema, 0)
}

/** A schema that refers to itself is followed this deep; what lies deeper is believed. */
export const DEEPEST = 200

/** `candidates`: every schema that may describe the value. */
function clean(value: unknown, candidates: readonly unknown[], root: JsonObject, depth: number): unknown {
  if (depth > DEEPEST) return value
  const schemas = flat(candidates, root)
  if (Array.isArray(value)) {
    const items = schemas.flatMap(({ items: each }) => (each === undefined ? [] : [each]))
    return items.length > 0 ? value.map((item) => clean(item, items, root, depth + 1)) : value
  }
  const given = object(value)
  if (!given) return value
  const kept: [string, unknown][] = []
  for (const [key, member] of Object.entries(given)) {
    const known = schemas.flatMap(({ properties, additionalProperties }) => {
      const named = object(properties)
      if (named && Object.hasOwn(named, key)) return [named[key]]
      return object(additionalProperties) ? [additionalProperties] : []
    })
    const optional = schemas.some(
      ({ properties, required }) =>
        Object.hasOwn(object(properties) ?? {}, key) && !(Array.isArray(required) && required.includes(key)),
    )
    if (member === null && optional && !known.some((one) => admitsNull(one, root))) continue
    kept.push([key, known.length > 0 ? clean(member, known, root, depth + 1) : member])
  }
  return Object.fromEntries(kept)
}

/** Schemas with their alternatives and references in their place. */
function flat(candidates: readonly unknown[], root: JsonObject): JsonObject[] {
  const found = new Set<JsonObject>()
  const queue = [...candidates]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const schema = object(next)
    if (!schema || found.has(schema)) continue
    found.add(schema)
    for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
      const alternatives = schema[keyword]
      if (Array.isArray(alternatives)) queue.push(...(alternatives as unknown[]))
    }
    if (typeof schema.$ref === 'string') queue.push(resolved(schema.$ref, root))
  }
  return [...found]
}

/** Whether null may fit; where that cannot be told, it may. */
function admitsNull(candidate: unknown, root: JsonObject): boolean {
  const schemas = flat([candidate], root)
  return (
    schemas.length === 0 ||
    schemas.some(({ type, enum: values, const: only, ...rest }) => {
      if (type !== undefined) return type === 'null' || (Array.isArray(type) && type.includes('null'))
      if (Array.isArray(values)) return values.includes(null)
      if (only !== undefined) return only === null
      return !('anyOf' in rest || 'oneOf' in rest || 'allOf' in rest || '$ref' in rest)
    })
  )
}

/** What a reference within the schema points at; the schema that fits everything where that is not known. */
export function resolved(reference: string, root: JsonObject): unknown {
  if (!reference.startsWith('#')) return {}
  let node: unknown = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    node = Array.isArray(node) ? (node as unknown[])[Number(name)] : object(node)?.[name]
  }
  return node ?? {}
}
