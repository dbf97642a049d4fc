import { describe, expect, test } from 'vitest'
import { strictForm } from '../src/providers/strict-schema.ts'

const object = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
})

describe("OpenAI's strict form", () => {
  test('closes objects at every depth', () => {
    const inner = object({ id: { type: 'number' } })
    const schema = object({ list: { type: 'array', items: inner }, one: { $ref: '#/$defs/inner' } })
    const closed = { ...inner, additionalProperties: false }
    expect(strictForm({ ...schema, $defs: { inner } })).toEqual({
      ...object({ list: { type: 'array', items: closed }, one: { $ref: '#/$defs/inner' } }),
      additionalProperties: false,
      $defs: { inner: closed },
    })
  })

  test('lets optional members be null', () => {
    const form = strictForm(
      object({ a: { type: 'string' }, b: { type: 'string', default: 'x' }, c: { type: 'null' } }, ['a']),
    )
    expect(form).toEqual({
      ...object({ a: { type: 'string' }, b: { anyOf: [{ type: 'string' }, { type: 'null' }] }, c: { type: 'null' } }),
      additionalProperties: false,
    })
  })

  test('takes alternatives of one kind for the other', () => {
    const kind = (name: string) => object({ kind: { type: 'string', const: name } })
    const form = strictForm(object({ shape: { oneOf: [kind('a'), kind('b')] } }))
    expect(form?.properties).toEqual({
      shape: {
        anyOf: [
          { ...kind('a'), additionalProperties: false },
          { ...kind('b'), additionalProperties: false },
        ],
      },
    })
  })

  test.each([
    ['an open object', object({}), { additionalProperties: true }],
    ['a record', { type: 'object' }, { additionalProperties: { type: 'string' } }],
    ['a member without a schema', object({ a: {} }), {}],
    ['a keyword it does not know', object({ a: { type: 'string', minLength: 1 } }), {}],
    ['a format it does not know', object({ a: { type: 'string', format: 'uri' } }), {}],
    ['a pattern that looks around', object({ a: { type: 'string', pattern: '^(?!x)' } }), {}],
    ['a required member without a schema', object({}, ['a']), {}],
    ['a list of anything', object({ a: { type: 'array' } }), {}],
    ['parts put together', object({ a: { allOf: [{ type: 'string' }] } }), {}],
    ['no object', { type: 'array', items: { type: 'string' } }, {}],
  ])('is not had by %s', (_, schema, over) => {
    expect(strictForm({ ...schema, ...over })).toBeUndefined()
  })

  test('leaves the given schema as it was', () => {
    const schema = object({ a: { type: 'string' }, b: { type: 'number' } }, ['a'])
    const before = JSON.stringify(schema)
    strictForm(schema)
    expect(JSON.stringify(schema)).toBe(before)
  })
})
