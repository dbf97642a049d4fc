import { chat } from '../support/chat.ts'
import { CHAT_STREAM, event } from '../support/chat-stream.ts'

export type WireName = 'chat' | 'messages' | 'content' | 'cohere' | 'ollama'

/** What a server of a wire says. The answer's text is always ANSWER of support/chat.ts. */
export interface WireAnswers {
  /** The path that is asked, or how it ends. */
  readonly path: RegExp
  readonly document: object
  readonly mediaType: string
  /** A streamed answer in two halves: the first ends with the first content, "Paris is the capital". */
  readonly begin: string
  readonly rest: string
}

const usage = { input_tokens: 9, output_tokens: 7 }
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
const named = (value: { type: string }): string => event(value, value.type)
const content = (text: string, finishReason?: string): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...(finishReason && { finishReason }), index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 7, totalTokenCount: 16 },
  modelVersion: 'm',
})
const line = (value: object): string =>
  `${JSON.stringify({ model: 'm', created_at: '2026-01-01T00:00:00Z', ...value })}\n`

export const WIRES: Readonly<Record<WireName, WireAnswers>> = {
  chat: {
    path: /\/chat\/completions$/,
    document: chat(),
    mediaType: 'text/event-stream',
    begin: CHAT_STREAM.slice(0, 2).join(''),
    rest: CHAT_STREAM.slice(2).join(''),
  },
  messages: {
    path: /\/v1\/messages$/,
    document: {
      ...message,
      content: [{ type: 'text', text: 'Paris is the capital of France.' }],
      stop_reason: 'end_turn',
      usage,
    },
    mediaType: 'text/event-stream',
    begin: [
      named({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage } } as never),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never),
      named({ type: 'ping' }),
      named({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: 'Paris is the capital' },
      } as never),
    ].join(''),
    rest: [
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' of France.' } } as never),
      named({ type: 'content_block_stop', index: 0 } as never),
      named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage } as never),
      named({ type: 'message_stop' }),
    ].join(''),
  },
  content: {
    path: /:(?:generateContent|streamGenerateContent\?alt=sse)$/,
    document: content('Paris is the capital of France.', 'STOP'),
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
