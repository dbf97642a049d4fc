import { describe, expect, test } from 'vitest'
import { describesObject, withoutNulls, wrapped } from '../src/request/json-schema.ts'

describe('a wrapped schema', () => {
  test('keeps its references in reach', () => {
    const schema = {
      anyOf: [{ $ref: '#' }, { $ref: '#/$defs/leaf' }, { $ref: '#/anyOf/0' }],
      $defs: { leaf: { type: 'string' }, tree: { items: { $ref: '#' } } },
    }
    expect(wrapped(schema)).toEqual({
      type: 'object',
      properties: {
        value: {
          anyOf: [{ $ref: '#/properties/value' }, { $ref: '#/$defs/leaf' }, { $ref: '#/properties/value/anyOf/0' }],
        },
      },
      required: ['value'],
      additionalProperties: false,
      $defs: { leaf: { type: 'string' }, tree: { items: { $ref: '#/properties/value' } } },
    })
  })

  test.each([
    [{ type: 'object' }, true],
    [{ type: 'object', anyOf: [] }, false],
    [{ type: ['object', 'null'] }, false],
    [{ $ref: '#/$defs/a' }, false],
    [{ type: 'array' }, false],
    [{}, false],
  ])('%j is an object: %j', (schema, expected) => {
    expect(describesObject(schema)).toBe(expected)
  })
})

describe('nulls for absent members', () => {
  const text = { type: 'string' }
  const optional = (member: object, required: string[] = []) => ({
    type: 'object',
    properties: { a: member },
    required,
  })

  test.each([
    ['a plain one', optional(text)],
    ['one behind a reference', { ...optional({ $ref: '#/$defs/t' }), $defs: { t: text } }],
    ['one of several texts', optional({ enum: ['x', 'y'] })],
    ['one in an alternative', { anyOf: [{ type: 'string' }, optional({ anyOf: [text, { type: 'number' }] })] }],
    ['one in all parts', { allOf: [optional(text)] }],
  ])('are taken out: %s', (_, schema) => {
    expect(withoutNulls(schema, { a: null })).toEqual({})
  })

  test.each([
    ['required', optional(text, ['a'])],
    ['null by type', optional({ type: ['string', 'null'] })],
    ['null by choice', optional({ enum: ['x', null] })],
    ['null in an alternative', { anyOf: [optional(text), optional({ type: 'null' })] }],
    ['anything', optional({})],
    ['described elsewhere', optional({ $ref: 'https://elsewhere' })],
    ['not known', { type: 'object', properties: {} }],
  ])('stay where a member is %s', (_, schema) => {
    expect(withoutNulls(schema, { a: null })).toEqual({ a: null })
  })

  test('are taken out at every depth', () => {
    const node = {
      type: 'object',
      properties: { name: text, next: { type: 'array', items: { $ref: '#' } } },
      additionalProperties: optional(text),
    }
    const value = { name: null, next: [{ name: null, next: [] }, null], other: { a: null } }
    expect(withoutNulls(node, value)).toEqual({ next: [{ next: [] }, null], other: {} })
  })

  test('are left where a value nests beyond reason', () => {
    const schema = { type: 'array', items: { $ref: '#' } }
    const deep: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))
    expect(() => withoutNulls(schema, deep)).not.toThrow()
  })
})
