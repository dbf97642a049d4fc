import { object, parsed } from '../base/json.ts'
import type { Message, Part } from '../vocabulary/message.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import { eachMessage, schemaInstruction } from './conversation.ts'
import { base64, imageData, inlineData } from './media.ts'

type Wire = Record<string, unknown>

interface Turn {
  readonly role: 'user' | 'model'
  readonly parts: Wire[]
}

const MODES = { auto: 'AUTO', none: 'NONE', required: 'ANY' }

/** Models that refuse tools beside a JSON mode with a 400 (ai.google.dev, "Structured outputs with tools": from Gemini 3 on). */
const MODE_OR_TOOLS = /gemini-[12]/

/** What 2.5 models spend on thinking at each effort: the figures of Google's own OpenAI-compatible endpoint. */
const BUDGETS = { minimal: 1024, low: 1024, medium: 8192, high: 24_576 }

/** A request as the body of generateContent. The wire has no switch for parallel calls: a request's is left out. */
export function contentBody(provider: string, request: ResolvedRequest, maxTokens: number | undefined): string {
  const { tools, toolChoice, output, stop, reasoningEffort } = request
  const system: Wire[] = []
  const contents: Turn[] = []
  /** Results name their function on this wire, which only the call before them knows. */
  const called = new Map<string, { name: string; id: unknown }>()
  eachMessage(request.messages, (message) => addMessage(provider, message, system, contents, called))
  if (/gemini-[3-9]/.test(request.model)) signForeignCalls(contents)
  const config: Wire = {}
  const limit = request.maxTokens ?? maxTokens
  if (limit !== undefined) config.maxOutputTokens = limit
  if (request.temperature !== undefined) config.temperature = request.temperature
  if (request.topP !== undefined) config.topP = request.topP
  if (request.seed !== undefined) config.seed = request.seed
  if (stop.length) config.stopSequences = stop
  if (output) {
    if (tools.length && MODE_OR_TOOLS.test(request.model)) system.push({ text: schemaInstruction(output.schema) })
    else Object.assign(config, { responseMimeType: 'application/json', responseJsonSchema: output.schema })
  }
  if (reasoningEffort !== undefined) {
    config.thinkingConfig = {
      includeThoughts: true,
      ...(request.model.includes('gemini-2')
        ? { thinkingBudget: BUDGETS[reasoningEffort] }
        : // The pro models know no `minimal`.
          {
            thinkingLevel: reasoningEffort === 'minimal' && !request.model.includes('flash') ? 'low' : reasoningEffort,
          }),
    }
  }
  const body: Wire = { contents }
  if (system.length) body.systemInstruction = { parts: system }
  if (Object.keys(config).length) body.generationConfig = config
  if (tools.length) {
    const functionDeclarations = tools.map(({ name, description, inputSchema, extra }) => ({
      name,
      description,
      parametersJsonSchema: inputSchema,
      ...extra,
    }))
    body.tools = [{ functionDeclarations }]
  }
  if (toolChoice !== undefined) {
    const functionCallingConfig =
      typeof toolChoice === 'object'
        ? { mode: 'ANY', allowedFunctionNames: [toolChoice.name] }
        : { mode: MODES[toolChoice] }
    body.toolConfig = { functionCallingConfig }
  }
  return JSON.stringify(Object.assign(body, request.extraBody))
}

function addMessage(
  provider: string,
  message: Message,
  system: Wire[],
  contents: Turn[],
  called: Map<string, { name: string; id: unknown }>,
): void {
  const { role, content, extra } = message
  const given: readonly Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  let parts: Wire[]
  if (role === 'assistant') {
    parts = given.flatMap((part) => modelPart(provider, part))
    for (const call of message.toolCalls ?? []) {
      const own = call.providerData?.[provider]
      const { id, ...rest } = own ?? {}
      called.set(call.id, { name: call.name, id })
      const args = object(parsed(call.arguments)) ?? {}
      parts.push({ functionCall: { name: call.name, args, id }, ...rest })
    }
  } else if (role === 'tool') {
    const call = called.get(message.toolCallId)
    if (!call) throw new TypeError(`no message before the tool's has a call with the id '${message.toolCallId}'`)
    const said = given.map((part) => {
      if (part.type !== 'text') throw new TypeError('a tool message takes text parts only on this wire')
      return part.text
    })
    const result = said.join('')
    parts = [{ functionResponse: { ...call, response: object(parsed(result)) ?? { result } } }]
  } else parts = given.map((part) => inputPart(part, role))
  if (!parts.length) return
  if (extra) Object.assign(parts.at(-1) as Wire, extra)
  if (role === 'system' || role === 'developer') {
    system.push(...parts)
    return
  }
  const side = role === 'assistant' ? 'model' : 'user'
  const last = contents.at(-1)
  // All results of one turn's calls must stand in one content.
  if (last?.role === side) last.parts.push(...parts)
  else contents.push({ role: side, parts })
}

/**
 * From 3 on the first call of a turn must carry a thought signature. One that another provider wrote has none: this word, which Google's
 * documentation gives for histories from elsewhere, takes its place.
 */
function signForeignCalls(contents: readonly Turn[]): void {
  for (const { parts } of contents) {
    const first = parts.find((part) => part.functionCall)
    if (first) first.thoughtSignature ??= 'skip_thought_signature_validator'
  }
}

function modelPart(provider: string, part: Part): Wire[] {
  if (part.type !== 'text' && part.type !== 'reasoning') {
    throw new TypeError(`an assistant message takes no ${part.type} part on this wire`)
  }
  const own = part.providerData?.[provider]
  if (own?.part) return [{ ...(own.part as Wire) }]
  // Thoughts are summaries: only one with a signature is of use to the model.
  if (part.type === 'reasoning') return own?.thoughtSignature ? [{ text: part.text, thought: true, ...own }] : []
  return part.text || own ? [{ text: part.text, ...part.extra, ...own }] : []
}

function inputPart(part: Part, role: string): Wire {
  if (part.type === 'text') return { text: part.text, ...part.extra }
  if (part.type === 'reasoning' || role !== 'user')
    throw new TypeError(`a message of role ${role} takes no ${part.type} part`)
  const { url } = part
  if (url !== undefined) {
    const inline = inlineData(url)
    if (inline) return { inlineData: { mimeType: inline.mediaType, data: inline.data }, ...part.extra }
    return { fileData: { mimeType: part.mediaType, fileUri: url }, ...part.extra }
  }
  if (part.type === 'image') {
    const { data, mediaType } = imageData(part)
    return { inlineData: { mimeType: mediaType, data }, ...part.extra }
  }
  if (part.data === undefined) throw new TypeError('a file part needs url or data')
  return { inlineData: { mimeType: part.mediaType, data: base64(part.data) }, ...part.extra }
}
