type Schema = Readonly<Record<string, unknown>>

/** A value that fits a JSON Schema, for an answer that nobody has thought up: zeros, empty lists, the first of each choice. */
export function sampleOf(schema: Schema): unknown {
  const { type, properties = {}, enum: values, const: only, anyOf } = schema
  if (only !== undefined) return only
  if (Array.isArray(values)) return values[0]
  if (Array.isArray(anyOf)) return sampleOf(anyOf[0] as Schema)
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties as Record<string, Schema>).map(([name, member]) => [name, sampleOf(member)]),
      )
    case 'array':
      return [sampleOf((schema['items'] ?? {}) as Schema)]
    case 'string':
      return typeof schema['description'] === 'string' ? schema['description'] : 'text'
    case 'boolean':
      return true
    default:
      return 0
  }
}
