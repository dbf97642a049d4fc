import { type JsonObject, object } from '../base/json.ts'
import type { Issue } from '../vocabulary/result.ts'
import { DEEPEST, resolved } from './json-schema.ts'

type Path = readonly (string | number)[]

/** Enough to tell a model what is wrong. */
const MOST = 20

/**
 * Holds a value against plain JSON Schema: types, members, items, alternatives, enumerations, references and bounds. Keywords beyond
 * these are not looked at, so that everything found is wrong, but not everything wrong is found.
 */
export function misfits(schema: JsonObject, value: unknown): readonly Issue[] {
  const issues: Issue[] = []
  check(schema, value, [], issues, { root: schema, steps: LEAST_STEPS + STEPS_EACH * sizeOf(value) })
  return issues
}

/**
 * Alternatives that hold each other are tried in exponentially many ways, and the model decides how deep. So the steps are bounded, by
 * many more for each value than a schema takes that tells its alternatives apart; what is not looked at within them is believed.
 */
const LEAST_STEPS = 200_000
const STEPS_EACH = 300

/** How many values there are in a value, itself among them. */
function sizeOf(value: unknown): number {
  const open = [value]
  let size = 0
  while (open.length > 0) {
    const next = open.pop()
    size++
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) open.push(inner)
  }
  return size
}

interface Walk {
  readonly root: JsonObject
  steps: number
}

function check(node: unknown, value: unknown, path: Path, issues: Issue[], walk: Walk, depth = 0, most = MOST): void {
  const add = (message: string): void => void issues.push(path.length > 0 ? { message, path } : { message })
  if (issues.length >= most || depth > DEEPEST || walk.steps-- <= 0) return
  if (node === false) return add('must be left out')
  const schema = object(node)
  if (!schema) return
  const within = (other: unknown): void => check(other, value, path, issues, walk, depth + 1, most)
  const { type, enum: values, const: only, anyOf, oneOf, allOf, $ref } = schema
  if (type !== undefined) {
    const types = Array.isArray(type) ? (type as unknown[]) : [type]
    if (!types.some((one) => isOf(one, value))) return add(`must be of type ${types.join(' or ')}`)
  }
  if (Array.isArray(values) && !values.some((one) => same(one, value))) {
    return add(`must be one of ${JSON.stringify(values)}`)
  }
  if (only !== undefined && !same(only, value)) return add(`must be ${JSON.stringify(only)}`)
  if (typeof $ref === 'string') within(resolved($ref, walk.root))
  if (Array.isArray(allOf)) allOf.forEach(within)
  for (const alternatives of [anyOf, oneOf]) {
    if (!Array.isArray(alternatives)) continue
    const fits = (one: unknown): boolean => {
      const own: Issue[] = []
      // Whether, and not why.
      check(one, value, path, own, walk, depth + 1, 1)
      return own.length === 0
    }
    if (!alternatives.some(fits)) add('must fit one of the alternatives')
  }
  if (typeof value === 'number') bounds(value, schema.minimum, schema.maximum, '', add)
  // Counting characters makes an array of them.
  if (typeof value === 'string' && (schema.minLength !== undefined || schema.maxLength !== undefined))
    bounds(Array.from(value).length, schema.minLength, schema.maxLength, ' characters', add)
  if (Array.isArray(value)) {
    bounds(value.length, schema.minItems, schema.maxItems, ' items', add)
    const { items, prefixItems } = schema
    const first = Array.isArray(prefixItems) ? prefixItems.length : 0
    value.forEach((item: unknown, index) => {
      if (index >= first) check(items, item, [...path, index], issues, walk, depth + 1, most)
    })
  }
  const members = object(value)
  if (members) checkMembers(schema, members, path, issues, walk, depth, most)
}

function checkMembers(
  { properties, required, additionalProperties, patternProperties }: JsonObject,
  members: Record<string, unknown>,
  path: Path,
  issues: Issue[],
  walk: Walk,
  depth: number,
  most: number,
): void {
  const known = object(properties) ?? {}
  for (const name of Array.isArray(required) ? (required as string[]) : []) {
    if (!Object.hasOwn(members, name)) issues.push({ message: 'must be there', path: [...path, name] })
  }
  const other = patternProperties === undefined ? additionalProperties : undefined
  const schemaOf = (name: string): unknown => (Object.hasOwn(known, name) ? known[name] : other)
  const names = Object.keys(members)
  // What tells alternatives apart goes first, so that the wrong ones are left at once.
  if (most === 1) names.sort((one, two) => Number(isConstant(schemaOf(two))) - Number(isConstant(schemaOf(one))))
  for (const name of names) check(schemaOf(name), members[name], [...path, name], issues, walk, depth + 1, most)
}

function isConstant(node: unknown): boolean {
  const schema = object(node)
  return schema?.const !== undefined || schema?.enum !== undefined
}

function bounds(measure: number, least: unknown, most: unknown, unit: string, add: (message: string) => void): void {
  if (typeof least === 'number' && measure < least) add(`must be at least ${least}${unit}`)
  if (typeof most === 'number' && measure > most) add(`must be at most ${most}${unit}`)
}

/** A type that is not known fits everything. */
function isOf(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return object(value) !== undefined
    case 'integer':
      return Number.isInteger(value)
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type
    default:
      return true
  }
}

/** Objects and arrays among a schema's constants are rare and are believed. */
function same(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return one === other
  return true
}
