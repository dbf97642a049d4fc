/** One event of a streamed chat completion. */
export function chunkEvent(delta: object, finishReason: string | null = null): string {
  return event({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'm-2026',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  })
}

/** An event whose data is a value's JSON. */
export const event = (value: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`

export const DONE = 'data: [DONE]\n\n'

/** A whole streamed chat completion, one event a piece. */
export const CHAT_STREAM: readonly string[] = [
  chunkEvent({ role: 'assistant', content: '' }),
  chunkEvent({ content: 'Paris is the capital' }),
  chunkEvent({ content: ' of France.' }),
  chunkEvent({}, 'stop'),
  DONE,
]

export const EVENT_STREAM = { headers: { 'content-type': 'text/event-stream' } } as const
export const CHUNKED = {
  headers: { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' },
} as const
