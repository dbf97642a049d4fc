import { describe, expect, test } from 'vitest'
import { anthropicForm } from '../src/providers/anthropic-schema.ts'

describe("Anthropic's form of a schema", () => {
  test('is closed and keeps optional members optional', () => {
    const schema = { type: 'object', properties: { a: { type: 'object', properties: {} } }, required: [] }
    expect(anthropicForm(schema)).toEqual({
      ...schema,
      properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
      additionalProperties: false,
    })
  })

  test('says in words what the wire refuses', () => {
    const form = anthropicForm({ type: 'integer', minimum: 1, maximum: 9, description: 'A grade' })
    expect(form).toEqual({ type: 'integer', description: 'A grade (minimum: 1, maximum: 9)' })
    expect(anthropicForm({ type: 'string', format: 'custom' })).toEqual({
      type: 'string',
      description: '(format: "custom")',
    })
  })

  test('takes members by the name of a keyword for members', () => {
    const properties = { minimum: { type: 'number' }, default: { type: 'string' }, format: { type: 'string' } }
    expect(anthropicForm({ type: 'object', properties, additionalProperties: false })).toEqual({
      type: 'object',
      properties,
      additionalProperties: false,
    })
  })

  test('keeps what the wire knows', () => {
    const schema = { type: 'array', items: { enum: [{ minimum: 1 }], const: 'a' }, minItems: 1 }
    expect(anthropicForm(schema)).toEqual(schema)
    expect(anthropicForm({ type: 'array', minItems: 2 })).toEqual({ type: 'array', description: '(minItems: 2)' })
    expect(anthropicForm({ oneOf: [{ type: 'null' }] })).toEqual({ anyOf: [{ type: 'null' }] })
  })
})
