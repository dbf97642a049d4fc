import { textOf } from '../answer/parse.ts'
import { list, object, parsed, text } from '../base/json.ts'
import { messageReader, parseMessage } from '../providers/anthropic-parse.ts'
import { contentReader, parseContent, readRefusal } from '../providers/gemini-parse.ts'
import { parseChat } from '../providers/openai-parse.ts'
import { chatReader } from '../providers/openai-stream.ts'
import { readOtherWords } from '../providers/other-words.ts'
import type { WireRequest } from '../transport/transport.ts'
import type { InputMessage } from '../vocabulary/message.ts'
import type { AnswerReader } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import { responses } from './responses-wire.ts'

/** What can be told of somebody else's request by looking at it. */
export interface Recognised {
  readonly provider: AnswerReader
  /** Whether an answer can be proven complete. */
  readonly proven: boolean
  readonly request: ResolvedRequest
}

type Wire = 'chat' | 'responses' | 'messages' | 'content'

type Reader = Omit<AnswerReader, 'name'>

const READERS: Readonly<Record<Wire, Reader>> = {
  chat: {
    parse: (body) => parseChat('chat', body, {}),
    streamReader: () => chatReader('chat'),
    classify: readOtherWords,
  },
  responses,
  messages: {
    parse: (body) => parseMessage('anthropic', body),
    streamReader: () => messageReader('anthropic'),
    classify: readOtherWords,
  },
  content: {
    parse: (body) => parseContent('gemini', body),
    streamReader: () => contentReader('gemini'),
    classify: readRefusal,
  },
}

const UNKNOWN: Reader = { parse: () => ({ kind: 'incomplete', problem: 'nothing is known of this body' }) }

/** Recognises a request by its path and its body. The host says no more than who is asked: gateways speak every wire. */
export function recognise(method: string, url: URL, body: WireRequest['body']): Recognised {
  const json = jsonOf(body)
  const path = url.pathname.replace(/\/+$/, '')
  // A response that was begun in the background, and is listened to again.
  const resumed = method === 'GET' && /\/responses\/[^/]+$/.test(path) && url.searchParams.get('stream') === 'true'
  const streamed = resumed || json?.stream === true || path.endsWith(':streamGenerateContent')
  const wire = resumed ? 'responses' : json && method === 'POST' ? wireOf(path, url, json, streamed) : undefined
  return {
    // Of several answers in one stream a reader follows the first.
    proven: wire !== undefined && !(streamed && json && answersAsked(json) > 1),
    provider: { ...(wire ? READERS[wire] : UNKNOWN), name: url.hostname },
    request: {
      model: text(json?.model) ?? modelIn(path) ?? 'unknown',
      // Only an error message asks for them, so they are looked for when one is made.
      get messages() {
        return json ? promptOf(json) : []
      },
      tools: [],
      maxTokens: undefined,
      temperature: undefined,
      topP: undefined,
      stop: [],
      seed: undefined,
      reasoningEffort: undefined,
      extraBody: {},
      stream: streamed,
    },
  }
}

function wireOf(path: string, url: URL, json: Readonly<Record<string, unknown>>, streamed: boolean): Wire | undefined {
  if (path.endsWith('/chat/completions')) return 'chat'
  // What it asks for in the background comes as a response, too.
  if (path.endsWith('/responses') && ASKING.some((name) => name in json)) return 'responses'
  // Not the messages of an assistant's thread; those ask for no answer.
  if (path.endsWith('/messages') && list(json['messages']).length > 0) return 'messages'
  if (!/:(stream)?generateContent$/i.test(path)) return undefined
  // Without `alt=sse` the stream is one array, written piece by piece.
  return streamed && url.searchParams.get('alt') !== 'sse' ? undefined : 'content'
}

/** What a request for a response holds, the words or where they are kept. */
const ASKING = ['input', 'prompt', 'conversation', 'previous_response_id']

/** OpenAI's `n`, Gemini's `candidateCount`. */
function answersAsked(json: Readonly<Record<string, unknown>>): number {
  const config = object(json['generationConfig']) ?? object(json['generation_config'])
  return Number(json['n'] ?? config?.['candidateCount'] ?? config?.['candidate_count'] ?? 1)
}

const BRACE = 0x7b

function jsonOf(body: WireRequest['body']): Readonly<Record<string, unknown>> | undefined {
  const written = body instanceof Uint8Array && body[0] === BRACE ? textOf([body]) : body
  return typeof written === 'string' && /^\s*\{/.test(written) ? object(parsed(written)) : undefined
}

/** Gemini and Azure name the model in the path. */
function modelIn(path: string): string | undefined {
  const name = /\/(?:models|deployments)\/([^/:]+)/.exec(path)?.[1]
  try {
    return name && decodeURIComponent(name)
  } catch {
    // A lone % is nobody's encoding.
    return name
  }
}

/** Where the wires keep what a prompt says. */
const PROMPT = [
  'messages',
  'system',
  'contents',
  'systemInstruction',
  'system_instruction',
  'input',
  'instructions',
  'prompt',
  'message',
  'texts',
  'query',
  'documents',
]

/** Not by recursion: what a caller sends may be as deep as it likes. */
function promptOf(json: Readonly<Record<string, unknown>>): InputMessage[] {
  const found: InputMessage[] = []
  const open: (readonly [key: string, value: unknown])[] = PROMPT.map((field) => [field, json[field]])
  for (let next = open.pop(); next; next = open.pop()) {
    const [key, value] = next
    if (typeof value === 'string') {
      if (!NAMES.has(key)) found.push({ role: 'user', content: value })
    } else if (Array.isArray(value)) for (const item of value as unknown[]) open.push([key, item])
    else open.push(...Object.entries(object(value) ?? {}))
  }
  return found
}

/** Members of a message that name something instead of saying it. */
const NAMES: ReadonlySet<string> = new Set([
  'role',
  'type',
  'id',
  'name',
  'detail',
  'tool_call_id',
  'mimeType',
  'media_type',
])
