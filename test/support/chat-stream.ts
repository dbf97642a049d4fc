import type { CompletionStream, StreamEvent } from 'punctual'
import type { FaultExchange } from './fault-server.ts'

/** What the fake model streams unless a test says otherwise. */
export const WORDS: readonly string[] = ['Paris ', 'is ', 'it.']
export const TEXT: string = WORDS.join('')

const ABOUT = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'm-2026' }

/** A server-sent event. */
export const sse = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`

/** A chunk of a streamed chat completion. */
export function delta(given: object, finish: string | null = null): string {
  return sse({ ...ABOUT, choices: [{ index: 0, delta: given, finish_reason: finish }] })
}

export const role = (): string => delta({ role: 'assistant', content: '' })
export const word = (content: string): string => delta({ content })
export const finish = (reason = 'stop'): string => delta({}, reason)
export const usage = (): string =>
  sse({ ...ABOUT, choices: [], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } })
export const DONE: string = sse('[DONE]')
export const PING = ': ping\n\n'

/** A piece of the tool call number `index`. */
export const toolDelta = (index: number, called: { id?: string; name?: string; arguments?: string }): string =>
  delta({
    tool_calls: [
      {
        index,
        ...(called.id !== undefined && { id: called.id, type: 'function' }),
        function: { name: called.name, arguments: called.arguments ?? '' },
      },
    ],
  })

/** A whole stream of these words. */
export const document = (words: readonly string[] = WORDS): string =>
  [role(), ...words.map(word), finish(), usage(), DONE].join('')

const EVENTS = { 'content-type': 'text/event-stream' }

/** The head of a chunked stream. */
export function openStream(exchange: FaultExchange): void {
  exchange.head({ headers: { ...EVENTS, 'transfer-encoding': 'chunked' } })
}

/** The head of a stream, and these pieces of it, each in a chunk of its own; it stays open. */
export function begin(exchange: FaultExchange, ...pieces: (string | Uint8Array)[]): void {
  openStream(exchange)
  for (const piece of pieces) exchange.chunk(piece)
}

/** A whole streamed answer, ended as it should be. */
export function streaming(exchange: FaultExchange, ...pieces: (string | Uint8Array)[]): void {
  begin(exchange, ...(pieces.length ? pieces : [document()]))
  exchange.chunk('')
}

/** What a consumer got: every event, and the error at the end, where there was one. */
export interface Taken {
  readonly events: StreamEvent[]
  readonly text: string
  readonly error: unknown
}

/** Reads a stream to its end; `onEvent` may do something, or wait, at each. */
export async function take(
  stream: AsyncIterable<StreamEvent>,
  onEvent?: (event: StreamEvent) => unknown,
): Promise<Taken> {
  const events: StreamEvent[] = []
  let error: unknown
  try {
    for await (const event of stream) {
      events.push(event)
      await onEvent?.(event)
    }
  } catch (thrown) {
    error = thrown
  }
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  return { events, text, error }
}

export const typesOf = ({ events }: Taken): string[] => events.map(({ type }) => type)

/** The error of a stream's completion. */
export const completionError = (stream: CompletionStream): Promise<unknown> =>
  stream.completion.then(
    () => undefined,
    (error: unknown) => error,
  )
