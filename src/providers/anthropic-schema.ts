import { object } from '../base/json.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * Constraints that Anthropic's structured outputs refuse with a 400 (docs.claude.com, "Structured outputs", JSON Schema limitations).
 * They are told to the model in words instead, and the answer is validated in any case.
 */
const REFUSED: ReadonlySet<string> = new Set(
  (
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength ' +
    'minItems maxItems uniqueItems minProperties maxProperties propertyNames default'
  ).split(' '),
)
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']

/** A schema as Anthropic's structured outputs take it: objects closed, and nothing in it that is refused. */
export function anthropicForm(schema: Schema): Schema {
  return formOf(schema) as Schema
}

function formOf(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(formOf)
  const schema = object(node)
  if (!schema) return node
  const form: Record<string, unknown> = {}
  const words: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (refused(key, value)) words.push(`${key}: ${JSON.stringify(value)}`)
    else if (key === 'properties' || key === '$defs' || key === 'definitions') form[key] = formsOf(value)
    // `oneOf` is not known; what it says beyond `anyOf` is for the validator.
    else if (key === 'oneOf' && schema.anyOf === undefined) form.anyOf = formOf(value)
    else form[key] = key === 'enum' || key === 'const' ? value : formOf(value)
  }
  if (form.type === 'object' && form.additionalProperties === undefined) form.additionalProperties = false
  if (words.length > 0) form.description = [form.description, `(${words.join(', ')})`].filter(Boolean).join(' ')
  return form
}

function refused(key: string, value: unknown): boolean {
  if (key === 'minItems') return value !== 0 && value !== 1
  return REFUSED.has(key) || (key === 'format' && !FORMATS.includes(value as string))
}

function formsOf(named: unknown): unknown {
  const schemas = object(named)
  return schemas ? Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, formOf(schema)])) : named
}
