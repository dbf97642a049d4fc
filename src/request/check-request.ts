import { checkWireFields, fail, rejectUnknown } from '../base/check.ts'
import type { Message, Part } from '../vocabulary/message.ts'
import { REQUEST_NAMES } from '../vocabulary/names.ts'
import type { Request } from '../vocabulary/request.ts'
import type { ToolCall } from '../vocabulary/result.ts'

const REQUEST: ReadonlySet<string> = new Set(REQUEST_NAMES)
const EFFORTS = ['minimal', 'low', 'medium', 'high']
const ROLES: Readonly<Record<string, ReadonlySet<string>>> = {
  system: new Set(['role', 'content', 'extra']),
  developer: new Set(['role', 'content', 'extra']),
  user: new Set(['role', 'content', 'extra']),
  assistant: new Set(['role', 'content', 'toolCalls', 'extra', 'providerData']),
  tool: new Set(['role', 'toolCallId', 'content', 'extra']),
}
const TOOL_CALL = new Set(['id', 'name', 'arguments', 'input', 'issues', 'providerData'])
const PARTS: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['type', 'text', 'extra', 'providerData']),
  image: new Set(['type', 'url', 'data', 'mediaType', 'extra']),
  file: new Set(['type', 'url', 'data', 'mediaType', 'name', 'extra']),
  reasoning: new Set(['type', 'text', 'extra', 'providerData']),
}

/** Checks a request; throws a TypeError that names the field and the remedy. */
export function checkRequest(request: Request): void {
  if (typeof request !== 'object' || request === null) fail('request', request, 'an object with messages')
  if ('stream' in request && request.stream !== undefined)
    throw new TypeError('request.stream is unknown: call stream(request) for a stream, complete(request) for an answer')
  rejectUnknown('request', request, REQUEST)
  const { messages, maxTokens, temperature, topP, seed, stop, reasoningEffort, extraBody } = request
  if (!Array.isArray(messages) || messages.length === 0)
    fail('request.messages', unquoted(messages), 'a non-empty array of messages')
  for (let i = 0; i < messages.length; i++) checkMessage(`request.messages[${i}]`, messages[i] as Message)
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 0)) {
    fail('request.maxTokens', maxTokens, 'a whole number above 0')
  }
  if (temperature !== undefined) number('request.temperature', temperature)
  if (topP !== undefined) number('request.topP', topP)
  if (seed !== undefined && !Number.isInteger(seed)) fail('request.seed', seed, 'a whole number')
  if (
    stop !== undefined &&
    typeof stop !== 'string' &&
    !(Array.isArray(stop) && stop.every((one) => typeof one === 'string'))
  ) {
    fail('request.stop', stop, 'a string or an array of strings')
  }
  if (reasoningEffort !== undefined && !EFFORTS.includes(reasoningEffort)) {
    fail('request.reasoningEffort', reasoningEffort, `one of ${EFFORTS.join(', ')}`)
  }
  if (extraBody !== undefined) checkExtraBody(extraBody)
}

/** These would make the answer another thing than the one that punctual proves complete. */
function checkExtraBody(extraBody: Readonly<Record<string, unknown>>): void {
  checkWireFields('request.extraBody', extraBody)
  for (const name of ['model', 'messages', 'stream']) {
    if (extraBody[name] === undefined) continue
    const remedy = name === 'stream' ? 'it is set by the way the call is made' : `use request.${name}`
    throw new TypeError(`request.extraBody.${name} is not allowed: ${remedy}`)
  }
  if (Number(extraBody.n) > 1) {
    throw new TypeError('request.extraBody.n above 1 is not allowed: a call has one answer; make several calls')
  }
}

function checkMessage(field: string, message: Message): void {
  if (typeof message !== 'object' || message === null) fail(field, unquoted(message), 'a message: { role, content }')
  const known = Object.hasOwn(ROLES, message.role) ? ROLES[message.role] : undefined
  if (!known) fail(`${field}.role`, message.role, `one of ${Object.keys(ROLES).join(', ')}`)
  rejectUnknown(field, message, known)
  const { content, extra } = message
  if (extra !== undefined) checkWireFields(`${field}.extra`, extra)
  if (Array.isArray(content)) {
    for (let i = 0; i < content.length; i++) checkPart(`${field}.content[${i}]`, content[i] as Part, message.role)
  } else if (typeof content !== 'string') {
    fail(`${field}.content`, content ?? null, 'a string or an array of parts')
  }
  if (message.role === 'tool' && typeof message.toolCallId !== 'string') {
    fail(`${field}.toolCallId`, message.toolCallId, 'the id of the tool call that this answers')
  }
  if (message.role === 'assistant' && message.toolCalls !== undefined)
    checkToolCalls(`${field}.toolCalls`, message.toolCalls)
}

function checkToolCalls(field: string, calls: readonly ToolCall[]): void {
  if (!Array.isArray(calls)) fail(field, calls, 'an array of tool calls')
  for (const [index, call] of calls.entries() as Iterable<[number, ToolCall]>) {
    const one = `${field}[${index}]`
    if (typeof call !== 'object' || call === null) fail(one, unquoted(call), 'a tool call: { id, name, arguments }')
    rejectUnknown(one, call, TOOL_CALL)
    for (const name of ['id', 'name', 'arguments'] as const) {
      if (typeof call[name] !== 'string') fail(`${one}.${name}`, unquoted(call[name]), 'a string')
    }
  }
}

function checkPart(field: string, part: Part, role: string): void {
  if (typeof part !== 'object' || part === null) fail(field, unquoted(part), 'a part: { type, … }')
  const known = Object.hasOwn(PARTS, part.type) ? PARTS[part.type] : undefined
  if (!known) fail(`${field}.type`, part.type, `one of ${Object.keys(PARTS).join(', ')}`)
  rejectUnknown(field, part, known)
  if (part.extra !== undefined) checkWireFields(`${field}.extra`, part.extra)
  if (part.type === 'text' || part.type === 'reasoning') {
    if (typeof part.text !== 'string') fail(`${field}.text`, part.text ?? null, 'a string')
    if (part.type === 'reasoning' && role !== 'assistant') fail(field, undefined, "in an assistant's message")
    return
  }
  const { url, data } = part
  if ((url === undefined) === (data === undefined)) fail(field, undefined, 'given by url or by data, one of the two')
  if (url !== undefined && !URL.canParse(url)) fail(`${field}.url`, undefined, 'an absolute URL')
  if (typeof data === 'string') {
    // A data URL has a colon, a path a dot or a backslash, and text a space; further in is the provider's to find.
    if (!/^[\w+/=-]+\s*$/.test(data.slice(0, LOOKED_AT)))
      fail(`${field}.data`, undefined, 'a Uint8Array or base64 text (a data URL goes into url)')
  } else if (data !== undefined && Object.prototype.toString.call(data) !== '[object Uint8Array]') {
    fail(`${field}.data`, data, 'a Uint8Array (new Uint8Array(buffer)) or base64 text')
  }
  if (part.type === 'file' && typeof part.mediaType !== 'string')
    fail(`${field}.mediaType`, part.mediaType, "a media type such as 'application/pdf'")
}

const LOOKED_AT = 1_000

/** What may be a piece of the prompt is not shown, however short it is. */
function unquoted(value: unknown): unknown {
  return typeof value === 'string' ? undefined : value
}

function number(field: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(field, value, 'a finite number')
}
