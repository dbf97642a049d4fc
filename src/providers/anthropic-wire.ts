import { object, parsed } from '../base/json.ts'
import type { FilePart, Message, Part } from '../vocabulary/message.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import { anthropicForm } from './anthropic-schema.ts'
import { eachMessage, schemaInstruction } from './conversation.ts'
import { base64, bytes, imageData, inlineData } from './media.ts'

type Wire = Record<string, unknown>

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: Wire[]
}

/** The wire demands a limit; this is what requests that name none are given. */
const DEFAULT_MAX_TOKENS = 8_192

/** Models that came before `output_config.format`. */
const NO_JSON_SCHEMA = /claude-(?:instant|[23])|claude-(?:opus|sonnet)-4(?:-0|[-@]20\d{6}|-v|$)/
/** Models that think by a budget of tokens; those after them think adaptively, and the newest refuse a budget. */
const BUDGET = /claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[015]\b|[-@]20\d{6}|-v|$))/
/** The share of the token limit that each effort may spend on thinking, where thinking goes by budget. */
const SHARES = { minimal: 0, low: 0.25, medium: 0.5, high: 0.75 }
const LEAST_BUDGET = 1024

const TOOL_CHOICES = { auto: 'auto', none: 'none', required: 'any' }

/** A request as the body of POST /v1/messages. The wire has no seed: a request's is left out. */
export function messagesBody(provider: string, request: ResolvedRequest, maxTokens: number | undefined): string {
  const { tools, toolChoice, output, stop, reasoningEffort } = request
  const system: Wire[] = []
  const turns: Turn[] = []
  eachMessage(request.messages, (message) => addMessage(provider, message, system, turns))
  const limit = request.maxTokens ?? maxTokens ?? DEFAULT_MAX_TOKENS
  const body: Wire = { model: request.model, max_tokens: limit, messages: turns }
  const config: Wire = {}
  if (output) {
    if (NO_JSON_SCHEMA.test(request.model)) system.push({ type: 'text', text: schemaInstruction(output.schema) })
    else config.format = { type: 'json_schema', schema: anthropicForm(output.schema) }
  }
  if (reasoningEffort !== undefined) {
    if (!BUDGET.test(request.model)) {
      body.thinking = { type: 'adaptive' }
      config.effort = reasoningEffort === 'minimal' ? 'low' : reasoningEffort
    } else if (limit > LEAST_BUDGET) {
      const budget = Math.max(LEAST_BUDGET, Math.floor(limit * SHARES[reasoningEffort]))
      body.thinking = { type: 'enabled', budget_tokens: budget }
    }
  }
  if (Object.keys(config).length) body.output_config = config
  if (system.length) body.system = system
  if (request.temperature !== undefined) body.temperature = request.temperature
  if (request.topP !== undefined) body.top_p = request.topP
  if (stop.length) body.stop_sequences = stop
  if (tools.length) {
    body.tools = tools.map(({ name, description, inputSchema, strict, extra }) => ({
      name,
      description,
      input_schema: strict ? anthropicForm(inputSchema) : inputSchema,
      strict,
      ...extra,
    }))
  }
  if (toolChoice !== undefined || (request.parallelToolCalls === false && tools.length)) {
    const choice: Wire =
      typeof toolChoice === 'object'
        ? { type: 'tool', name: toolChoice.name }
        : { type: TOOL_CHOICES[toolChoice ?? 'auto'] }
    if (request.parallelToolCalls === false && choice.type !== 'none') choice.disable_parallel_tool_use = true
    body.tool_choice = choice
  }
  if (request.stream) body.stream = true
  return JSON.stringify(Object.assign(body, request.extraBody))
}

/** Instructions stand apart from the turns, and everything that is not the assistant's is the user's. */
function addMessage(provider: string, message: Message, system: Wire[], turns: Turn[]): void {
  const { role, content, extra } = message
  if (role === 'system' || role === 'developer') {
    system.push(...marked(textBlocks(content, role), extra))
    return
  }
  let blocks: Wire[]
  if (role === 'assistant') {
    blocks = typeof content === 'string' ? textBlocks(content, role) : assistantBlocks(provider, content)
    for (const call of message.toolCalls ?? []) {
      // The wire takes an object only; what the model wrote otherwise cannot be told to it again.
      const input = object(parsed(call.arguments)) ?? {}
      blocks.push({
        type: 'tool_use',
        id: wireCallId(call.id),
        name: call.name,
        input,
        ...call.providerData?.[provider],
      })
    }
  } else if (role === 'tool') {
    const result = typeof content === 'string' ? content : content.map((part) => inputBlock(part, role))
    blocks = [{ type: 'tool_result', tool_use_id: wireCallId(message.toolCallId), content: result }]
  } else {
    blocks = typeof content === 'string' ? textBlocks(content, role) : content.map((part) => inputBlock(part, role))
  }
  blocks = marked(blocks, extra)
  if (!blocks.length) return
  const side = role === 'assistant' ? role : 'user'
  const last = turns.at(-1)
  // All results of one turn's tool calls must stand in one message.
  if (last?.role === side) last.content.push(...blocks)
  else turns.push({ role: side, content: blocks })
}

/** A message has no fields of its own on this wire: its extra ones (cache_control) go on its last block. */
function marked(blocks: Wire[], extra: Message['extra']): Wire[] {
  const last = blocks.at(-1)
  if (last && extra) Object.assign(last, extra)
  return blocks
}

/** Empty text is refused by the wire and left out. */
function textBlocks(content: string | readonly Part[], role: string): Wire[] {
  if (typeof content === 'string') return content ? [{ type: 'text', text: content }] : []
  return content.map((part) => {
    if (part.type !== 'text') throw new TypeError(`a message of role ${role} takes text parts only`)
    return { type: 'text', text: part.text, ...part.extra }
  })
}

function assistantBlocks(provider: string, parts: readonly Part[]): Wire[] {
  const blocks: Wire[] = []
  for (const part of parts) {
    if (part.type !== 'text' && part.type !== 'reasoning') {
      throw new TypeError(`an assistant message takes no ${part.type} part on this wire`)
    }
    const own = part.providerData?.[provider]
    if (own?.block) blocks.push({ ...(own.block as Wire) })
    else if (part.type === 'reasoning') {
      // Thoughts without their signature, or another provider's, are refused.
      if (own?.signature) blocks.push({ type: 'thinking', thinking: part.text, signature: own.signature })
    } else if (part.text) blocks.push({ type: 'text', text: part.text, ...part.extra })
  }
  return blocks
}

function inputBlock(part: Part, role: string): Wire {
  if (part.type === 'text') return { type: 'text', text: part.text, ...part.extra }
  if (part.type === 'reasoning') throw new TypeError(`a message of role ${role} takes no reasoning part`)
  if (part.type === 'file') return { type: 'document', source: documentSource(part), title: part.name, ...part.extra }
  return { type: 'image', source: urlSource(part.url) ?? imageSource(part), ...part.extra }
}

function imageSource(part: Parameters<typeof imageData>[0]): Wire {
  const { data, mediaType } = imageData(part)
  return { type: 'base64', media_type: mediaType, data }
}

/** A URL, or what a data URL holds: the wire takes no data URLs. */
function urlSource(url: string | undefined): Wire | undefined {
  if (url === undefined) return undefined
  const inline = inlineData(url)
  return inline ? { type: 'base64', media_type: inline.mediaType, data: inline.data } : { type: 'url', url }
}

function documentSource({ url, data, mediaType }: FilePart): Wire {
  const source = urlSource(url)
  if (source) return source
  if (data === undefined) throw new TypeError('a file part needs url or data')
  // Text goes as text; base64 is for PDF.
  if (mediaType.startsWith('text/')) {
    return { type: 'text', media_type: 'text/plain', data: new TextDecoder().decode(bytes(data)) }
  }
  return { type: 'base64', media_type: mediaType, data: base64(data) }
}

/** Other providers' ids may have characters that Anthropic's must not: `functions.weather:0`. */
const wireCallId = (id: string): string => id.replace(/[^\w-]/g, '_')
