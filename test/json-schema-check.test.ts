import { describe, expect, test } from 'vitest'
import { misfits } from '../src/request/json-schema-check.ts'

const TREE = {
  $ref: '#/$defs/node',
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
}
const SHAPE = {
  anyOf: [{ type: 'object', properties: { kind: { const: 'a' } }, required: ['kind'] }, { type: 'null' }],
}
const RECORD = { type: 'object', additionalProperties: { type: 'number', minimum: 0, maximum: 9 } }

describe('plain JSON Schema', () => {
  test.each([
    [{ type: 'integer' }, 3],
    [{ type: ['string', 'null'] }, null],
    [{ type: 'a type of later' }, 3],
    [{ enum: ['a', 1, null] }, null],
    [TREE, { next: { next: {} } }],
    [SHAPE, { kind: 'a' }],
    [SHAPE, null],
    [RECORD, { a: 0, b: 9 }],
    [{ type: 'string', maxLength: 1 }, '😀'],
    [{ $ref: 'https://elsewhere/schema' }, 3],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, ['a']],
    [{ type: 'array', prefixItems: [{}], items: { type: 'string' } }, [1, 'a']],
    [{ type: 'object', patternProperties: { '^x': {} }, additionalProperties: false }, { x1: 1 }],
    [{}, { anything: [1] }],
  ])('finds nothing where %j meets %j', (schema, value) => {
    expect(misfits(schema, value)).toEqual([])
  })

  test.each([
    [{ type: 'integer' }, 3.5, [], 'must be of type integer'],
    [{ type: ['string', 'null'] }, 3, [], 'must be of type string or null'],
    [{ enum: ['a', 1] }, '1', [], 'must be one of ["a",1]'],
    [{ const: 'a' }, 'b', [], 'must be "a"'],
    [TREE, { next: { next: [] } }, ['next', 'next'], 'must be of type object'],
    [SHAPE, { kind: 'b' }, [], 'must fit one of the alternatives'],
    [RECORD, { a: 10 }, ['a'], 'must be at most 9'],
    [RECORD, { a: -1 }, ['a'], 'must be at least 0'],
    [{ type: 'object', required: ['a'] }, {}, ['a'], 'must be there'],
    [{ type: 'object', properties: {}, additionalProperties: false }, { a: 1 }, ['a'], 'must be left out'],
    [{ items: { type: 'string' } }, ['a', 1], [1], 'must be of type string'],
    [{ minItems: 1 }, [], [], 'must be at least 1 items'],
    [{ type: 'string', minLength: 2 }, 'a', [], 'must be at least 2 characters'],
    [{ allOf: [{ type: 'string' }] }, 1, [], 'must be of type string'],
  ])('finds what is wrong where %j meets %j', (schema, value, path, message) => {
    expect(misfits(schema, value)).toEqual([path.length > 0 ? { message, path } : { message }])
  })

  test('ends with a value that nests for ever', () => {
    let deep: unknown = []
    for (let i = 0; i < 5_000; i++) deep = { next: deep }
    expect(misfits(TREE, deep)).toEqual([])
  })
})

test('alternatives that a constant tells apart cost no exponential time, however deep', () => {
  const kinds = ['a', 'b', 'c']
  const node = {
    anyOf: kinds.map((kind) => ({
      type: 'object',
      // The children stand before what tells the alternatives apart.
      properties: { left: { $ref: '#/$defs/node' }, right: { $ref: '#/$defs/node' }, kind: { const: kind } },
      required: ['kind'],
    })),
  }
  const schema = { $ref: '#/$defs/node', $defs: { node } }
  let value: object = { kind: 'c' }
  for (let depth = 0; depth < 40; depth++) value = { left: value, right: { kind: 'c' }, kind: 'c' }
  expect(misfits(schema, value)).toEqual([])
  expect(misfits(schema, { left: value, kind: 'd' })).toHaveLength(1)
})

test('every item of a long list is looked at', () => {
  const item = { anyOf: [{ type: 'number' }, { type: 'null' }, { type: 'string', maxLength: 3 }] }
  const list = Array.from({ length: 300_000 }, (_, index) => (index % 2 ? 'abc' : null))
  expect(misfits({ type: 'array', items: item }, [...list, 'abcd'])).toEqual([
    { message: 'must fit one of the alternatives', path: [300_000] },
  ])
})

test.each([
  {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        anyOf: [
          { type: 'object', properties: { child: { $ref: '#/$defs/node' } }, required: ['child'] },
          { type: 'object', properties: { child: { $ref: '#/$defs/node' }, label: {} }, required: ['child'] },
          { type: 'string' },
        ],
      },
    },
  },
  { allOf: [{ $ref: '#' }, { $ref: '#' }] },
])('alternatives that nothing tells apart end, too: %#', (schema) => {
  let value: unknown = 5
  for (let depth = 0; depth < 60; depth++) value = { child: value }
  // Whatever is found within the steps; exponentially many would outlive the test.
  expect(misfits(schema, value).length).toBeLessThanOrEqual(1)
})
