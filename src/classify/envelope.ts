import { count, type JsonObject, list, object, parsed, text as string } from '../base/json.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import { requestIdOf } from './request-id.ts'

/** What a failure's body and headers say of it, whatever envelope it came in. */
export interface Envelope {
  /** The provider's own words; untrimmed of secrets, so never shown as it is. */
  readonly message: string | undefined
  readonly providerCode: string | undefined
  /** Every code, type, status and reason that the body names, in lower case; a bare vendor number is written `#1113`. */
  readonly names: ReadonlySet<string>
  /** The HTTP status that the body itself claims; the only one there is for an error inside a 200. */
  readonly status: number | undefined
  readonly param: string | undefined
  readonly requestId: string | undefined
  readonly html: boolean
  readonly json: unknown
}

/** Members whose value names the failure. */
const NAMING = new Set([
  'code',
  'type',
  'status',
  'reason',
  'error_type',
  'error_code',
  '__type',
  'quotaId',
  'blockReason',
])
/** The keys that may hold the next layer; an answer's own members (choices, content) are never walked. */
const LAYERS = [
  'violations',
  'promptFeedback',
  'error',
  'message',
  'error_message',
  'errors',
  'detail',
  'details',
  'metadata',
  'raw',
  'innererror',
  'response',
  'base_resp',
]
const STATUS = ['code', 'status', 'status_code', 'http_status_code', 'statusCode', 'raw_status_code']
const WORDS = [
  'message',
  'error_message',
  'errorMessage',
  'error_description',
  'detail',
  'msg',
  'status_msg',
  'Message',
  'title',
  'details',
]

const DEPTH = 6

/** Opens a failure's envelope. `given` is the body already parsed, where somebody has. Never throws. */
export function openEnvelope(headers: HeaderBag, body: string, given?: unknown): Envelope {
  const text = body.replace(/^\uFEFF/, '').trim()
  const json = given === undefined ? decode(text) : given
  const header = headers['x-amzn-errortype']?.split(':')[0]
  const names = new Set<string>()
  if (header) names.add(header.toLowerCase())
  const html = json === undefined && /^<(?:!|html|head|body|\?xml|error)/i.test(text)
  const found = { status: undefined as number | undefined }
  gather(json, names, found, 0)
  const layer = object(json) ?? list(json).map(object).find(Boolean) ?? {}
  const error = object(layer['error']) ?? layer
  return {
    message: json !== undefined ? wordsOf(json, 0) : html ? pageTitle(text) : plainWords(text),
    providerCode: codeOf(error, layer, header),
    names,
    status: found.status,
    param: paramOf(error),
    requestId: requestIdOf(headers) ?? string(layer['request_id']) ?? string(error['request_id']) ?? headers['cf-ray'],
    html,
    json,
  }
}

/** JSON; else what an SSE frame (`data:`, llama.cpp's `error:`) or the failing line of an NDJSON body carries. */
function decode(text: string): unknown {
  const whole = parse(text)
  if (whole !== undefined) return whole
  const parts: unknown[] = []
  for (const block of text.split(/\r?\n\r?\n/, 500)) {
    const lines = block.split(/\r?\n/).filter((line) => !/^(?:event|id|retry)?:/.test(line))
    const values = lines.map((line) => line.replace(/^(?:data|error): ?/, ''))
    const joined = parse(values.join('\n'))
    parts.push(...(joined === undefined ? values.map(parse) : [joined]))
  }
  const objects = parts.map(object).filter((part) => part !== undefined)
  return objects.find((part) => part['error'] || part['type'] === 'error') ?? objects[0]
}

function parse(text: string): unknown {
  return /^[{[]/.test(text) ? parsed(text) : undefined
}

/** JSON that travels as text inside JSON (Gemini nests it twice, OpenRouter keeps the upstream body in `metadata.raw`). */
function unwrap(value: unknown): unknown {
  return typeof value === 'string' ? (parse(value.trim()) ?? value) : value
}

function gather(value: unknown, names: Set<string>, found: { status: number | undefined }, depth: number): void {
  const layer = unwrap(value)
  if (depth > DEPTH) return
  for (const item of list(layer).slice(0, 20)) gather(item, names, found, depth + 1)
  const inner = object(layer)
  if (!inner) return
  for (const key of NAMING) {
    const name = inner[key]
    if (typeof name === 'string') names.add(name.toLowerCase().replace(/^.*#/, ''))
  }
  for (const key of STATUS) {
    const status = Number(inner[key])
    if (found.status === undefined && status >= 400 && status < 600) found.status = status
  }
  // Zhipu numbers its errors and gives no type; Mistral's numbers mean other things and come with one.
  const number = String(count(inner['code']) ?? string(inner['code']))
  if (/^\d{4}$/.test(number) && typeof inner['type'] !== 'string') names.add(`#${number}`)
  // Where it speaks Anthropic's wire, the number is the type.
  const type = string(inner['type']) ?? ''
  if (/^1\d{3}$/.test(type)) names.add(`#${type}`)
  // MiniMax's, beside its words.
  if ('status_msg' in inner) names.add(`base_resp_${String(inner['status_code'])}`)
  // OpenRouter's moderation metadata; Gemini blocks a prompt for reasons whose list grows.
  if (Array.isArray(inner['reasons'])) names.add('moderation')
  if (typeof inner['blockReason'] === 'string') names.add('content_filter')
  for (const key of LAYERS) gather(inner[key], names, found, depth + 1)
}

/** The innermost sentence that was written for a human. */
function wordsOf(value: unknown, depth: number): string | undefined {
  const layer = unwrap(value)
  if (depth > DEPTH) return undefined
  if (typeof layer === 'string') return layer.trim() || undefined
  if (Array.isArray(layer)) {
    const words = layer.slice(0, 5).map((item) => wordsOf(item, depth + 1))
    return words.filter(Boolean).join('; ') || undefined
  }
  const inner = object(layer)
  if (!inner) return undefined
  const raw = wordsOf(object(inner['metadata'])?.['raw'], depth + 1)
  if (raw) return raw
  if (typeof inner['error'] === 'object') {
    const words = wordsOf(inner['error'], depth + 1)
    if (words) return words
  }
  for (const key of [...WORDS, 'error', 'errors', 'base_resp']) {
    const words = wordsOf(inner[key], depth + 1)
    if (words) return words
  }
  return undefined
}

function codeOf(error: JsonObject, layer: JsonObject, header: string | undefined): string | undefined {
  const type = string(error['__type'] ?? layer['__type'])?.replace(/^.*#/, '')
  const candidates = [error['code'], error['type'], error['status'], error['error_type'], layer['error_type']]
  candidates.push(object(error['metadata'])?.['reason'], type, header, object(layer['promptFeedback'])?.['blockReason'])
  for (const candidate of candidates) {
    // LiteLLM writes Python's None as a string.
    if (typeof candidate === 'string' && candidate && candidate !== 'None' && !/^\d+$/.test(candidate)) return candidate
  }
  // Three digits are a status.
  const numbers = [error['code'], error['type'], object(layer['base_resp'])?.['status_code']].map(String)
  return numbers.find((number) => /^\d{4,8}$/.test(number))
}

function paramOf(error: JsonObject): string | undefined {
  const param = string(error['param'])
  if (param) return param === 'None' ? undefined : param
  const first = object(list(error['detail'])[0])?.['loc']
  return Array.isArray(first) ? first.join('.') : undefined
}

/** A web page's or an XML error's headline. */
function pageTitle(text: string): string | undefined {
  const match = /<(title|h1|message)\b[^>]*>([^]*?)<\/\1>/i.exec(text.slice(0, 8_192))
  const title = match?.[2]
    ?.replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return title?.slice(0, 200) || undefined
}

/** Plain text; of JSON that was cut, only what its message member says, because the rest may be an echo of the request. */
function plainWords(text: string): string | undefined {
  if (!/^[{[]/.test(text)) return text || undefined
  const quoted = /"message"\s*:\s*("(?:[^"\\]|\\.){1,2000}")/.exec(text)?.[1]
  return quoted === undefined ? undefined : string(parsed(quoted))
}
