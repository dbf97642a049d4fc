import { textOf } from '../answer/parse.ts'
import { object, parsed } from '../base/json.ts'
import type { AnyCompletionError, CompletionError } from '../vocabulary/errors.ts'

// Two SDKs keep nothing of an error response but its status and the words of its body: @google/genai makes the JSON its error's message,
// ollama the string under `error`. There the words name the call, and its error is kept for whoever asks.

/** Where either has its methods: `/v1beta/models/gemini-3:generateContent`, `/api/chat`. */
const GOOGLE =
  /:(?:(?:stream)?generate(?:Content|Answer)|countTokens|computeTokens|(?:batch)?embedContents?|predict\w*)$/i
const OLLAMA = /\/api\/(?:chat|generate|embed(?:dings)?|show|pull|push|create|copy|delete)$/

/** So many errors are kept, the youngest; each has up to 64 KiB of its response. */
const MOST = 50
const errors = new Map<string, CompletionError>()

/** The body of an error response, with the mark of its call where the SDK that has asked keeps nothing else. */
export function marked({ pathname }: URL, body: Uint8Array, error: CompletionError): Uint8Array {
  const { callId } = error
  const google = GOOGLE.test(pathname)
  if (callId === undefined || body.length === 0 || !(google || OLLAMA.test(pathname))) return body
  const words = withMark(textOf([body]), `punctual ${callId}`, google)
  if (words === undefined) return body
  errors.set(callId, error)
  for (const [oldest] of errors) if (errors.size > MOST) errors.delete(oldest)
  return new TextEncoder().encode(words)
}

function withMark(text: string, mark: string, google: boolean): string | undefined {
  const value = parsed(text)
  const behind = (words: string): string => `${words} (${mark})`
  if (value === undefined) return behind(text.trimEnd())
  const json = object(value)
  // In the text as it came: a number may be longer than ours.
  if (json && google) return text.replace(/\}\s*$/, `${Object.keys(json).length > 0 ? ',' : ''}"punctual":"${mark}"}`)
  const words = json?.['error']
  if (typeof words === 'string') return JSON.stringify({ ...json, error: behind(words) })
  // A gateway's own error, which Ollama's SDK keeps as it is.
  const own = object(words)
  const message = own?.['message']
  return typeof message === 'string'
    ? JSON.stringify({ ...json, error: { ...own, message: behind(message) } })
    : undefined
}

/** The error whose call's mark is in these words. */
export function markedError(words: unknown): AnyCompletionError | undefined {
  const id = typeof words === 'string' ? /punctual (call_[\w-]+)(?:\)|"\})$/.exec(words)?.[1] : undefined
  return id === undefined ? undefined : (errors.get(id) as AnyCompletionError | undefined)
}
