import { chat, failure } from '../support/chat.ts'
import { CHAT_STREAM, event } from '../support/fetched-stream.ts'

export type WireName = 'chat' | 'responses' | 'messages' | 'content' | 'cohere' | 'ollama'

/** What a server of a wire says. The answer's text is always ANSWER of support/chat.ts. */
export interface WireAnswers {
  /** The path that is asked, or how it ends. */
  readonly path: RegExp
  readonly document: object
  /** An overload, as the wire writes it; undefined where punctual cannot read it. */
  readonly overload?: object
  /** An overload as it comes under a 503, where that is in words of its own. */
  readonly refusal?: object
  readonly mediaType: string
  /** A streamed answer in two halves: the first ends with the first content, "Paris is the capital". */
  readonly begin: string
  readonly rest: string
}

const OVERLOADED = failure('Overloaded', 'overloaded_error')
const usage = { input_tokens: 9, output_tokens: 7 }
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
const named = (value: { type: string; [field: string]: unknown }): string => event(value, value.type)
const content = (text: string, finishReason?: string): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...(finishReason && { finishReason }), index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 7, totalTokenCount: 16 },
  modelVersion: 'm',
})
const item = { id: 'item_1', type: 'message', role: 'assistant', status: 'completed' }
const response = { id: 'resp_1', object: 'response', created_at: 1_760_000_000, model: 'm', output: [] }
const said = (text: string): object => ({ ...item, content: [{ type: 'output_text', text, annotations: [] }] })
const delta = (text: string): string =>
  named({ type: 'response.output_text.delta', item_id: 'item_1', output_index: 0, content_index: 0, delta: text })
const line = (value: object): string =>
  `${JSON.stringify({ model: 'm', created_at: '2026-01-01T00:00:00Z', ...value })}\n`

export const WIRES: Readonly<Record<WireName, WireAnswers>> = {
  chat: {
    path: /\/chat\/completions$/,
    document: chat(),
    overload: OVERLOADED,
    mediaType: 'text/event-stream',
    begin: CHAT_STREAM.slice(0, 2).join(''),
    rest: CHAT_STREAM.slice(2).join(''),
  },
  responses: {
    path: /\/v1\/responses$/,
    overload: OVERLOADED,
    document: { ...response, status: 'completed', output: [said('Paris is the capital of France.')], usage },
    mediaType: 'text/event-stream',
    begin: [
      named({ type: 'response.created', response: { ...response, status: 'in_progress' } }),
      named({ type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } }),
      delta('Paris is the capital'),
    ].join(''),
    rest: [
      delta(' of France.'),
      named({ type: 'response.output_item.done', output_index: 0, item: said('Paris is the capital of France.') }),
      named({
        type: 'response.completed',
        response: { ...response, status: 'completed', output: [said('Paris is the capital of France.')], usage },
      }),
    ].join(''),
  },
  messages: {
    path: /\/v1\/messages$/,
    overload: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    document: {
      ...message,
      content: [{ type: 'text', text: 'Paris is the capital of France.' }],
      stop_reason: 'end_turn',
      usage,
    },
    mediaType: 'text/event-stream',
    begin: [
      named({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage } }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      named({ type: 'ping' }),
      named({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: 'Paris is the capital' },
      }),
    ].join(''),
    rest: [
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' of France.' } }),
      named({ type: 'content_block_stop', index: 0 }),
      named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }),
      named({ type: 'message_stop' }),
    ].join(''),
  },
  content: {
    path: /:(?:generateContent|streamGenerateContent\?alt=sse)$/,
    document: content('Paris is the capital of France.', 'STOP'),
    overload: { error: { code: 503, status: 'UNAVAILABLE', message: 'The model is overloaded' } },
    mediaType: 'text/event-stream',
    begin: event(content('Paris is the capital')),
    rest: event(content(' of France.', 'STOP')),
  },
  cohere: {
    path: /\/v2\/chat$/,
    document: {
      id: 'c1',
      finish_reason: 'COMPLETE',
      message: { role: 'assistant', content: [{ type: 'text', text: 'Paris is the capital of France.' }] },
    },
    mediaType: 'text/event-stream',
    begin: [
      event(
        { type: 'message-start', id: 'c1', delta: { message: { role: 'assistant', content: [] } } },
        'message-start',
      ),
      event(
        { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Paris is the capital' } } } },
        'content-delta',
      ),
    ].join(''),
    rest: [
      event(
        { type: 'content-delta', index: 0, delta: { message: { content: { text: ' of France.' } } } },
        'content-delta',
      ),
      event({ type: 'message-end', delta: { finish_reason: 'COMPLETE' } }, 'message-end'),
    ].join(''),
  },
  ollama: {
    path: /\/api\/chat$/,
    refusal: { error: 'server busy, please try again.  maximum pending requests exceeded' },
    document: {
      model: 'm',
      created_at: '2026-01-01T00:00:00Z',
      message: { role: 'assistant', content: 'Paris is the capital of France.' },
      done: true,
      done_reason: 'stop',
    },
    mediaType: 'application/x-ndjson',
    begin: line({ message: { role: 'assistant', content: 'Paris is the capital' }, done: false }),
    rest:
      line({ message: { role: 'assistant', content: ' of France.' }, done: false }) +
      line({ message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' }),
  },
}
