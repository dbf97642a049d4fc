import { object } from '../base/json.ts'

type Schema = Readonly<Record<string, unknown>>

/** What OpenAI's strict mode knows (platform.openai.com/docs/guides/structured-outputs, "Supported schemas"). */
const KNOWN: ReadonlySet<string> = new Set(
  (
    'type properties required additionalProperties items enum const anyOf oneOf $ref $defs definitions title description ' +
    'format pattern default minItems maxItems minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'
  ).split(' '),
)
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']
const NULL = { type: 'null' }

/**
 * A schema as OpenAI's strict mode wants it: every object closed, every member required, and what was optional may be null in place of
 * being absent. Undefined where the mode cannot express it. An answer that fits this form fits the schema too, once its nulls are taken
 * for absent members, except where alternatives overlap; it is validated in any case.
 */
export function strictForm(schema: Schema): Schema | undefined {
  const form = formOf(schema)
  return form && form.type === 'object' ? form : undefined
}

function formOf(node: unknown): Schema | undefined {
  const schema = object(node)
  if (!schema || !Object.keys(schema).every((key) => KNOWN.has(key))) return undefined
  // A default is the validator's to fill in.
  const { default: _, oneOf, anyOf = oneOf, $defs, definitions, ...form }: Record<string, unknown> = schema
  if (!['type', 'enum', 'const', '$ref'].some((keyword) => keyword in form) && anyOf === undefined) return undefined
  if (oneOf !== undefined && schema.anyOf !== undefined) return undefined
  if ('format' in form && !FORMATS.includes(form.format as string)) return undefined
  // Patterns of the strict mode have no lookaround.
  if (typeof form.pattern === 'string' && form.pattern.includes('(?')) return undefined
  const types: unknown = form.type
  const is = (type: string): boolean => types === type || (Array.isArray(types) && types.includes(type))
  if (is('object') || form.properties !== undefined) {
    const members = closedMembers(form)
    if (!members) return undefined
    Object.assign(form, members)
  }
  if (is('array') || form.items !== undefined) {
    form.items = formOf(form.items)
    if (!form.items) return undefined
  }
  if (anyOf !== undefined) {
    const alternatives = Array.isArray(anyOf) ? anyOf.map(formOf) : []
    if (alternatives.length === 0 || alternatives.includes(undefined)) return undefined
    form.anyOf = alternatives
  }
  for (const [key, named] of Object.entries({ $defs, definitions })) {
    if (named === undefined) continue
    form[key] = formsOf(named)
    if (!form[key]) return undefined
  }
  return form
}

function closedMembers({ properties, required = [], additionalProperties = false }: Schema): Schema | undefined {
  const members = object(properties)
  if (!members || additionalProperties !== false || !Array.isArray(required)) return undefined
  if (!required.every((name) => Object.hasOwn(members, name as string))) return undefined
  const forms = formsOf(members)
  if (!forms) return undefined
  const names = Object.keys(members)
  return {
    properties: Object.fromEntries(
      names.map((name) => {
        const form = forms[name] as Schema
        return [name, required.includes(name) || form.type === 'null' ? form : { anyOf: [form, NULL] }]
      }),
    ),
    required: names,
    additionalProperties: false,
  }
}

function formsOf(named: unknown): Record<string, Schema> | undefined {
  const forms: Record<string, Schema> = {}
  for (const [name, schema] of Object.entries(object(named) ?? {})) {
    const form = formOf(schema)
    if (!form) return undefined
    forms[name] = form
  }
  return forms
}
