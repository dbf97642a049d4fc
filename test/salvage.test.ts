import fc from 'fast-check'
import { expect, test } from 'vitest'
import { salvageJson } from '../src/answer/salvage.ts'

const whole = '{"choices":[{"message":{"content":"Par\\u00eds is \\"big\\"","n":[1,2,{"a":true}]}}],"id":"x"}'

test.each([
  ['{"a":"text that goes', { a: 'text that goes' }],
  ['{"a":"half an escape \\u00', { a: 'half an escape ' }],
  ['{"a":"a backslash \\', { a: 'a backslash ' }],
  ['{"a":1,"b', { a: 1 }],
  ['{"a":1,"b":', { a: 1 }],
  ['{"a":[1,2,{"b":"c"', { a: [1, 2, { b: 'c' }] }],
  ['{"a":[1,2],"b":tru', { a: [1, 2] }],
  ['[1,[2,[3', [1, [2, [3]]]],
  ['', undefined],
  ['<html>', undefined],
])('reads %s as far as it goes', (text, expected) => {
  expect(salvageJson(text)).toEqual(expected)
})

test('reads a whole text as JSON does', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(salvageJson(text)).toEqual(JSON.parse(text) ?? undefined)
    }),
  )
})

test('never throws, wherever a text is cut', () => {
  for (let end = 0; end <= whole.length; end++) expect(() => salvageJson(whole.slice(0, end))).not.toThrow()
  fc.assert(fc.property(fc.string(), (text) => void salvageJson(text)))
})

test('takes time in proportion to the text alone', () => {
  const nested = '{"a":['.repeat(2_000) + '1,'.repeat(200_000)
  // With what is open kept at every comma this takes minutes, and the test's own limit ends it.
  expect(salvageJson(nested)).toBeTypeOf('object')
})
