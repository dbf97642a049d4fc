import type { AssistantMessage, FilePart, Message, Part } from '../vocabulary/message.ts'
import type { ResolvedOutput, ResolvedRequest, ResolvedTool } from '../vocabulary/request.ts'
import { eachMessage, schemaInstruction } from './conversation.ts'
import type { Dialect } from './dialect.ts'
import { base64, imageURL } from './media.ts'
import { strictForm } from './strict-schema.ts'

type Wire = Record<string, unknown>

/** A request as the body of POST /chat/completions. */
export function chatBody(
  provider: string,
  request: ResolvedRequest,
  dialect: Dialect,
  maxTokens: number | undefined,
): string {
  const { tools, toolChoice, output, stop, extraBody } = request
  const messages: unknown[] = []
  eachMessage(request.messages, (message) => messages.push(wireMessage(provider, message, dialect)))
  const body: Wire = { model: request.model, messages }
  const limit = request.maxTokens ?? maxTokens
  if (limit !== undefined) body[dialect.maxTokensField ?? 'max_tokens'] = limit
  if (request.temperature !== undefined) body.temperature = request.temperature
  if (request.topP !== undefined) body.top_p = request.topP
  if (request.seed !== undefined) body[dialect.seedField ?? 'seed'] = request.seed
  if (request.reasoningEffort !== undefined) body.reasoning_effort = request.reasoningEffort
  if (stop.length) body.stop = stop
  if (tools.length) body.tools = tools.map(wireTool)
  if (toolChoice !== undefined) {
    body.tool_choice =
      typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: { name: toolChoice.name } }
  }
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls
  if (output) {
    const mode = dialect.outputMode ?? 'json_schema'
    if (mode === 'json_schema') {
      body.response_format = { type: mode, json_schema: wireOutput(output, dialect) }
    } else {
      if (mode === 'json_object') body.response_format = { type: mode }
      instruct(messages, schemaInstruction(output.schema))
    }
  }
  if (request.stream) {
    body.stream = true
    if (dialect.streamUsage) body.stream_options = { include_usage: true }
  }
  return JSON.stringify(Object.assign(body, extraBody))
}

/** Strict where the schema can be expressed so and the server is known to hold to it, or where the caller says so. */
function wireOutput({ name, schema, strict: wanted }: ResolvedOutput, dialect: Dialect): Wire {
  const strict = wanted ?? (dialect.strictOutput ? undefined : false)
  const form = strict === false ? undefined : strictForm(schema)
  return { name, schema: form ?? schema, strict: strict ?? form !== undefined }
}

/** Adds to the instructions: many chat templates know a single system message, at the head. */
function instruct(messages: unknown[], instruction: string): void {
  const first = messages[0] as Wire | undefined
  if (first?.role === 'system' && typeof first.content === 'string') first.content += `\n\n${instruction}`
  else messages.unshift({ role: 'system', content: instruction })
}

function wireTool({ name, description, inputSchema, strict, extra }: ResolvedTool): Wire {
  const parameters = (strict && strictForm(inputSchema)) || inputSchema
  return { type: 'function', function: { name, description, parameters, strict }, ...extra }
}

function wireMessage(provider: string, message: Message, dialect: Dialect): Wire {
  const { role, content } = message
  let wire: Wire
  if (role === 'assistant') wire = assistant(provider, message, dialect)
  else {
    wire = { role: role === 'developer' && !dialect.developerRole ? 'system' : role }
    if (role === 'tool') wire.tool_call_id = wireCallId(message.toolCallId, dialect)
    wire.content = typeof content === 'string' ? content : wireContent(content, role, dialect)
  }
  return message.extra ? Object.assign(wire, message.extra) : wire
}

function assistant(provider: string, message: AssistantMessage, dialect: Dialect): Wire {
  const { content } = message
  const calls = message.toolCalls?.length ? message.toolCalls : undefined
  const wire: Wire = { role: 'assistant' }
  let said: unknown = content
  let thought = ''
  if (typeof content !== 'string') {
    const own: Part[] = []
    for (const part of content) {
      if (part.type !== 'reasoning') own.push(part)
      else if (!part.providerData || part.providerData[provider]) thought += part.text
    }
    // Some servers refuse an array in an assistant's message, and none tells its parts apart.
    said = own.every((part) => part.type === 'text' && !part.extra)
      ? own.map((part) => (part as { text: string }).text).join('')
      : wireContent(own, 'assistant', dialect)
  }
  wire.content = said === '' && calls ? null : said
  const field = dialect.reasoningField
  // DeepSeek and Moonshot refuse a message with calls that lacks the field, even where there was no thought.
  if (field && (thought || (calls && field === 'reasoning_content'))) wire[field] = thought
  if (calls) {
    wire.tool_calls = calls.map((call) => ({
      id: wireCallId(call.id, dialect),
      type: 'function',
      // A call without arguments may have been written as nothing at all, which servers refuse to read back.
      function: { name: call.name, arguments: call.arguments || '{}' },
      ...call.providerData?.[provider],
    }))
  }
  return Object.assign(wire, message.providerData?.[provider])
}

/** An id of another provider's, or of our own making, in the form that this one takes: the same for a call and its result. */
function wireCallId(id: string, { shortCallIds }: Dialect): string {
  if (!shortCallIds || /^[a-z0-9]{9}$/i.test(id)) return id
  // A hash of FNV's kind, of 52 bits: enough to tell apart the calls of one conversation.
  let hash = 0xcbf29ce484222n
  for (let at = 0; at < id.length; at++) hash = ((hash ^ BigInt(id.charCodeAt(at))) * 0x100000001b3n) & 0xfffffffffffffn
  return hash.toString(36).padStart(9, '0').slice(-9)
}

function wireContent(parts: readonly Part[], role: Message['role'], dialect: Dialect): unknown {
  const only = parts[0]
  if (parts.length === 1 && only?.type === 'text' && !only.extra) return only.text
  if (dialect.flatText && parts.every((part) => part.type === 'text'))
    return parts.map((part) => part.text).join('\n\n')
  return parts.map((part) => {
    if (part.type === 'text') return { type: 'text', text: part.text, ...part.extra }
    if (role !== 'user' || part.type === 'reasoning')
      throw new TypeError(`a message of role ${role} takes no ${part.type} part on this wire`)
    const wire =
      part.type === 'image' ? { type: 'image_url', image_url: { url: imageURL(part) } } : wireFile(part, dialect)
    return part.extra ? Object.assign(wire, part.extra) : wire
  })
}

function wireFile(part: FilePart, dialect: Dialect): Wire {
  const { url, mediaType, name } = part
  if (part.data === undefined) {
    if (url === undefined) throw new TypeError('a file part needs url or data')
    if (!dialect.fileURLs && !url.startsWith('data:')) {
      throw new TypeError('a file part by url is not known to this provider: fetch it and give data')
    }
    return { type: 'file', file: { filename: name ?? 'file', file_data: url } }
  }
  const data = base64(part.data)
  const format = /^audio\/(?:x-)?(wav|mp3|mpeg)/.exec(mediaType)?.[1]
  if (format) return { type: 'input_audio', input_audio: { data, format: format === 'mpeg' ? 'mp3' : format } }
  return { type: 'file', file: { filename: name ?? 'file', file_data: `data:${mediaType};base64,${data}` } }
}
