import { checkWireFields, fail, isRecord, rejectUnknown } from '../base/check.ts'
import { object, parsed } from '../base/json.ts'
import type { Request, ResolvedTool, Tool } from '../vocabulary/request.ts'
import type { ToolCall } from '../vocabulary/result.ts'
import { describesObject, withoutNulls } from './json-schema.ts'
import { type ReadSchema, readSchema, type Validated, validate } from './schema.ts'

/** A request's tools as they are sent, and what their arguments have to fit. */
export interface ResolvedTools {
  readonly tools: readonly ResolvedTool[]
  readonly toolChoice: Request['toolChoice']
  readonly parallelToolCalls: boolean | undefined
  readonly inputs: ReadonlyMap<string, ReadSchema>
}

/** What every provider that restricts names allows. */
export const NAME: RegExp = /^[a-zA-Z0-9_-]{1,64}$/
export const NAME_RULE = '1 to 64 letters, digits, _ and -'

const TOOL = new Set(['description', 'input', 'strict', 'extra'])
const NONE: ResolvedTools = { tools: [], toolChoice: undefined, parallelToolCalls: undefined, inputs: new Map() }
/** A model that gives arguments all the same has called the tool none the less. */
const NO_ARGUMENTS: ReadSchema = {
  json: { type: 'object', properties: {}, additionalProperties: false },
  validate: (value) => (object(value) ? { value } : { issues: [{ message: 'must be an object' }] }),
}

/** Checks a request's tools and reads their schemas; throws a TypeError that names the field and the remedy. */
export function resolveTools({ tools, toolChoice, parallelToolCalls }: Request): ResolvedTools {
  if (tools === undefined && toolChoice === undefined && parallelToolCalls === undefined) return NONE
  if (tools !== undefined && !isRecord(tools)) {
    fail('request.tools', tools, 'an object of tools by name: { look_up: { description, input } }')
  }
  if (parallelToolCalls !== undefined && typeof parallelToolCalls !== 'boolean') {
    fail('request.parallelToolCalls', parallelToolCalls, 'true or false')
  }
  const resolved: ResolvedTool[] = []
  const inputs = new Map<string, ReadSchema>()
  for (const [name, tool] of Object.entries(tools ?? {})) {
    const input = checkTool(name, tool)
    inputs.set(name, input)
    const { description, strict, extra } = tool
    resolved.push({ name, description, inputSchema: input.json, strict, extra })
  }
  checkChoice(toolChoice, inputs)
  // Without tools the two say nothing, and providers refuse a request that has them.
  return resolved.length === 0 ? NONE : { tools: resolved, toolChoice, parallelToolCalls, inputs }
}

function checkTool(name: string, tool: Tool): ReadSchema {
  const field = `request.tools.${name.slice(0, 64)}`
  if (!NAME.test(name)) throw new TypeError(`${field}: a tool's name must be ${NAME_RULE}`)
  if (typeof tool !== 'object' || tool === null) fail(field, tool ?? null, 'a tool: { description, input }')
  rejectUnknown(field, tool, TOOL)
  const { description, input, strict, extra } = tool
  if (description !== undefined && typeof description !== 'string')
    fail(`${field}.description`, description, 'a string')
  if (strict !== undefined && typeof strict !== 'boolean') fail(`${field}.strict`, strict, 'true or false')
  if (extra !== undefined) checkWireFields(`${field}.extra`, extra)
  if (input === undefined) return NO_ARGUMENTS
  const schema = readSchema(`${field}.input`, input)
  if (!describesObject(schema.json)) {
    throw new TypeError(`${field}.input must describe an object (type: 'object'), for arguments have names`)
  }
  return schema
}

function checkChoice(choice: Request['toolChoice'], inputs: ReadonlyMap<string, ReadSchema>): void {
  if (choice === undefined || choice === 'auto' || choice === 'none') return
  if (typeof choice === 'object' && choice !== null) {
    if (inputs.has(choice.name)) return
    const known = [...inputs.keys()].join(', ') || 'none'
    fail('request.toolChoice.name', choice.name, `the name of one of request.tools (${known})`)
  }
  if (choice !== 'required') fail('request.toolChoice', choice, "'auto', 'none', 'required' or { name }")
  if (inputs.size === 0) throw new TypeError("request.toolChoice is 'required', but there are no request.tools")
}

/** Reads the arguments of received calls. Answers at once where the schemas do. No call is ever dropped. */
export function readToolCalls(
  calls: readonly ToolCall[],
  inputs: ReadonlyMap<string, ReadSchema>,
): readonly ToolCall[] | Promise<readonly ToolCall[]> {
  const read = calls.map((call) => readToolCall(call, inputs.get(call.name)))
  const ready = read.filter((one): one is ToolCall => !(one instanceof Promise))
  return ready.length === read.length ? ready : Promise.all(read.map((one) => Promise.resolve(one)))
}

function readToolCall(call: ToolCall, schema: ReadSchema | undefined): ToolCall | Promise<ToolCall> {
  // No arguments are written as nothing (Anthropic's streams) or as null (Cohere).
  const input = call.arguments.trim() === '' ? null : parsed(call.arguments)
  if (input === undefined) return { ...call, issues: [{ message: 'the arguments are not JSON, or end early' }] }
  if (!schema) return { ...call, issues: [{ message: 'the request has no tool of this name' }] }
  const checked = validate(schema, withoutNulls(schema.json, input ?? {}))
  return checked instanceof Promise ? checked.then((one) => withInput(call, one)) : withInput(call, checked)
}

function withInput(call: ToolCall, checked: Validated): ToolCall {
  return checked.ok ? { ...call, input: checked.value } : { ...call, issues: checked.issues }
}
