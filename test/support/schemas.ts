import type { JsonSchema, SchemaWithJson, StandardIssue, StandardResult } from '../../src/vocabulary/standard-schema.ts'

/** A Standard Schema by hand: `check` gives the value out, or throws the issues. */
export function schemaOf<Output>(
  json: JsonSchema,
  check: (value: unknown, issue: (message: string, ...path: PropertyKey[]) => void) => Output,
  { later = false }: { later?: boolean } = {},
): SchemaWithJson<unknown, Output> {
  const validate = (value: unknown): StandardResult<Output> => {
    const issues: StandardIssue[] = []
    const output = check(value, (message, ...path) => void issues.push({ message, path }))
    return issues.length > 0 ? { issues } : { value: output }
  }
  return {
    '~standard': {
      version: 1,
      vendor: 'by-hand',
      validate: later ? async (value) => validate(value) : validate,
      jsonSchema: { input: () => ({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...json }) },
    },
  }
}

export interface Person {
  readonly name: string
  readonly born: Date
  readonly nickname?: string
}

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string' }, born: { type: 'string' }, nickname: { type: 'string' } },
  required: ['name', 'born'],
}

/** A person whose output is not its input: a date comes in as text. */
export function personSchema(options?: { later?: boolean }): SchemaWithJson<unknown, Person> {
  return schemaOf(
    PERSON,
    (value, issue): Person => {
      const { name, born, nickname } = (value ?? {}) as Record<string, unknown>
      if (typeof name !== 'string') issue(`expected a string, got ${JSON.stringify(name)}`, 'name')
      if (typeof born !== 'string') issue('expected a date', 'born')
      if (nickname !== undefined && typeof nickname !== 'string') issue('expected a string', 'nickname')
      const person = { name: name as string, born: new Date(born as string) }
      return nickname === undefined ? person : { ...person, nickname: nickname as string }
    },
    options,
  )
}

export const numberSchema: SchemaWithJson<unknown, number> = schemaOf({ type: 'number' }, (value, issue) => {
  if (typeof value !== 'number') issue('expected a number')
  return value as number
})
