/*
 * A provider of one's own, for a wire that punctual does not speak: Ollama's native one (POST /api/chat). Everything else (deadlines,
 * retries, classification, proof that the answer is complete) comes with it.
 */
import { type Model, type Parsed, type Provider, type ResolvedRequest } from 'punctual'

/** The part of the wire that is read here. */
interface Chat {
  readonly model?: string
  readonly message?: { readonly content?: string }
  readonly done?: boolean
  readonly done_reason?: string
  readonly error?: string
  readonly prompt_eval_count?: number
  readonly eval_count?: number
}

/** Makes models of an Ollama server; its `num_predict` is our `maxTokens`. */
export function nativeOllama(baseURL: string): (id: string) => Model {
  const provider: Provider = {
    name: 'native-ollama',
    prepare: (request) => ({ url: `${baseURL}/api/chat`, headers: {}, body: bodyOf(request) }),
    parse: (body) => parsedOf(body ?? {}),
    classify: ({ json }) =>
      /not found/.test((json as Chat | undefined)?.error ?? '') ? { code: 'not_found', retryable: false } : undefined,
  }
  return (id) => ({ id, provider })
}

function bodyOf({ model, messages, maxTokens, temperature, extraBody }: ResolvedRequest): string {
  const said = messages.map(({ role, content }) => {
    if (typeof content === 'string') return { role, content }
    // Refused with the call, before anything is sent.
    if (content.some(({ type }) => type !== 'text')) throw new TypeError('native-ollama: text only')
    return { role, content: content.map((part) => ('text' in part ? part.text : '')).join('') }
  })
  const options = { num_predict: maxTokens, temperature }
  return JSON.stringify({ model, messages: said, stream: false, options, ...extraBody })
}

function parsedOf({ model, message, done, done_reason: reason, error, ...counts }: Chat): Parsed {
  if (error !== undefined) return { kind: 'error', error: { message: error } }
  const text = message?.content ?? ''
  // What does not say that it is done has been cut: an error that is tried again, never a result.
  if (!done) return { kind: 'incomplete', problem: 'the answer is not done', partial: { text } }
  const { prompt_eval_count: inputTokens = 0, eval_count: outputTokens = 0 } = counts
  const usage = { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens }
  return {
    kind: 'answer',
    answer: { text, model, usage, toolCalls: [], finishReason: reason === 'length' ? 'length' : 'stop' },
  }
}
