import { fail, rejectUnknown } from '../base/check.ts'
import { type JsonObject, object, parsed } from '../base/json.ts'
import type { AssistantMessage, Message } from '../vocabulary/message.ts'
import type { Answer } from '../vocabulary/provider.ts'
import type { Request, ResolvedOutput } from '../vocabulary/request.ts'
import type { Issue } from '../vocabulary/result.ts'
import { describesObject, WRAPPER, withoutNulls, wrapped } from './json-schema.ts'
import { pairOf, type ReadSchema, readSchema, type Validated, validate } from './schema.ts'
import { NAME, NAME_RULE } from './tools.ts'

/** What the parts of an answer have to fit. */
export interface Expected {
  /** What each tool takes, by its name. */
  readonly inputs: ReadonlyMap<string, ReadSchema>
  readonly output: ExpectedOutput | undefined
}

/** The shape that an answer has to have, and what is sent of it. */
export interface ExpectedOutput {
  readonly sent: ResolvedOutput
  readonly schema: ReadSchema
  /** Whether the answer is wrapped in an object, because its schema describes none. */
  readonly wrapped: boolean
  readonly retries: number
}

/** What the model is to be told of its answer. */
export interface Correction {
  readonly message: AssistantMessage
  readonly issues: readonly Issue[]
  /** How many attempts in all may be made in this way. */
  readonly most: number
}

/** An answer read as data, or why it cannot be. `problem` quotes nothing of it. */
export type OutputReading =
  | { readonly kind: 'fits'; readonly output: unknown }
  | {
      readonly kind: 'misfit'
      readonly code: 'invalid_response' | 'content_filter'
      readonly problem: string
      readonly retryable: boolean
      /** What the model is to be told; undefined where asking again is of no use. */
      readonly issues?: readonly Issue[] | undefined
      readonly error?: unknown
    }

const DEFINITION = new Set(['schema', 'jsonSchema', 'name', 'strict'])

/** Checks a request's `output` and reads its schema; throws a TypeError that names the field and the remedy. */
export function resolveOutput({ output, outputRetries = 1 }: Request): ExpectedOutput | undefined {
  if (outputRetries !== Infinity && (!Number.isInteger(outputRetries) || outputRetries < 0)) {
    fail('request.outputRetries', outputRetries, 'a whole number of at least 0')
  }
  if (output === undefined) return undefined
  const { schema, name, strict } = readOutputSpec(output)
  if (!NAME.test(name)) throw new TypeError(`request.output.name must be ${NAME_RULE}`)
  if (strict !== undefined && typeof strict !== 'boolean') fail('request.output.strict', strict, 'true or false')
  const asObject = describesObject(schema.json)
  const sent = { name, schema: asObject ? schema.json : wrapped(schema.json), strict }
  return { sent, schema, wrapped: !asObject, retries: outputRetries }
}

interface Definition {
  readonly schema: ReadSchema
  readonly name: string
  readonly strict: boolean | undefined
}

function readOutputSpec(output: unknown): Definition {
  const definition = pairOf(output) ?? {}
  rejectUnknown('request.output', definition, DEFINITION)
  const { name = 'output', strict } = definition as Record<string, never>
  return { schema: readSchema('request.output', output), name, strict }
}

/** Reads an answer as data. Answers at once where the schema does. */
export function readOutput(expected: ExpectedOutput, answer: Answer): OutputReading | Promise<OutputReading> {
  if (answer.refusal || answer.finishReason === 'content_filter') {
    const problem = answer.refusal ? 'the model refused to answer' : 'a content filter ended the answer'
    return { kind: 'misfit', code: 'content_filter', problem, retryable: false }
  }
  const value = valueIn(answer.text)
  if (value === undefined) return misfit(expected, answer, { ok: false, issues: [{ message: 'it is not JSON' }] })
  const { schema } = expected
  const checked = validate(schema, withoutNulls(schema.json, unwrapped(expected, value)))
  return checked instanceof Promise
    ? checked.then((one) => concluded(expected, answer, one))
    : concluded(expected, answer, checked)
}

function concluded(expected: ExpectedOutput, answer: Answer, checked: Validated): OutputReading {
  return checked.ok ? { kind: 'fits', output: checked.value } : misfit(expected, answer, checked)
}

function misfit(
  { schema }: ExpectedOutput,
  { finishReason }: Answer,
  { issues, fault }: Extract<Validated, { ok: false }>,
): OutputReading {
  const code = 'invalid_response'
  if (fault !== undefined) {
    const problem = "the output schema's own code threw while it validated the answer (see the cause)"
    return { kind: 'misfit', code, problem, retryable: false, error: fault }
  }
  if (finishReason === 'length') {
    // Shortened nowhere, the next answer would be cut at the same place.
    const problem = 'the answer was cut by the token limit before it was whole; raise maxTokens'
    return { kind: 'misfit', code, problem, retryable: false }
  }
  const names = namesIn(schema.json)
  const places = [...new Set(issues.flatMap(({ path }) => (path ? [place(path, names)] : [])))]
  const shown = places.slice(0, MOST_PLACES).join(', ')
  const where = shown && ` at ${shown}${places.length > MOST_PLACES ? ', …' : ''}`
  return { kind: 'misfit', code, problem: `the answer does not fit the output schema${where}`, retryable: true, issues }
}

const MOST_PLACES = 5

/** Models asked by an instruction alone like to put JSON in a code fence, and local servers leave a model's thoughts before it. */
function valueIn(text: string): unknown {
  const thought = text.lastIndexOf(END_OF_THOUGHT)
  const answer = thought === -1 ? text : text.slice(thought + END_OF_THOUGHT.length)
  const fenced = fencedIn(answer)
  for (const candidate of new Set([text, answer, fenced ?? text])) {
    const value = parsed(candidate)
    if (value !== undefined) return value
  }
  return undefined
}

const END_OF_THOUGHT = '</think>'
const FENCE = '```'

/** What stands in the first code fence, up to a fence on a line of its own. By looking for lines: the model decides how many there are. */
function fencedIn(text: string): string | undefined {
  const lines = text.split('\n')
  const begin = lines.findIndex(
    (line) => /^(?:json)?$/i.test(line.slice(line.lastIndexOf(FENCE) + FENCE.length).trim()) && line.includes(FENCE),
  )
  const end = lines.findIndex((line, index) => index > begin && line.trimStart().startsWith(FENCE))
  return begin >= 0 && end > 0 ? lines.slice(begin + 1, end).join('\n') : undefined
}

/** The answer out of its wrapper. A model without a native mode may have left the wrapper out. */
function unwrapped(expected: ExpectedOutput, value: unknown): unknown {
  if (!expected.wrapped) return value
  const members = object(value)
  if (members && WRAPPER in members) return members[WRAPPER]
  return value
}

/** A path as words: members by the schema's own names alone, for any other name is the model's. */
function place(path: readonly (string | number)[], names: ReadonlySet<string>): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : names.has(key) ? `.${key}` : '.*'))
  return steps.join('').replace(/^\./, '')
}

function namesIn(schema: JsonObject): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    const inner = object(node)
    if (!inner) return
    for (const name of Object.keys(object(inner['properties']) ?? {})) names.add(name)
    Object.values(inner).forEach(visit)
  }
  visit(schema)
  return names
}

/** The conversation in which the model is told why its answer did not fit. */
export function corrected(
  messages: readonly Message[],
  answer: AssistantMessage,
  issues: readonly Issue[],
): readonly Message[] {
  const lines = issues
    .slice(0, MOST_ISSUES)
    .map(({ message, path }) => `- ${path?.length ? `at ${path.join('.')}: ` : ''}${message}`)
  const content = `Your answer does not fit the JSON Schema that it must fit:\n${lines.join('\n')}\nAnswer again with the whole, corrected JSON and nothing else.`
  // Calls without results are refused by the wires, and an answer that is read as data called nothing.
  const { toolCalls: _, ...said } = answer
  // An empty message is refused by some.
  const heard: readonly Message[] = said.content.length > 0 ? [said] : []
  return [...messages, ...heard, { role: 'user', content }]
}

const MOST_ISSUES = 20
