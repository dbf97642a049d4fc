import type { Client, Completion, Options, StreamEvent } from 'punctual'
import type { Scene } from './scene.ts'
import { streamTokens } from './server.ts'
import { style } from './timeline.ts'

/** What goes wrong with a stream, and what its reader sees of it. */
export const STREAM_SCENES: readonly Scene[] = [
  {
    name: 'stream-stalls',
    title: 'A stream that stalls: silence is told from a long answer',
    call: 'stream',
    script: (response) => streamTokens(response, 4, () => undefined),
    options: { timeout: { total: 5_000, firstToken: 1_000, idle: 400 } },
    play,
  },
  {
    name: 'stream-dies-early',
    title: 'A stream that dies before its first token: asked for again, unseen',
    call: 'stream',
    script: (response, turn) =>
      turn === 0 ? streamTokens(response, 0, () => response.destroy()) : streamTokens(response, Infinity),
    options: { timeout: 5_000, retry: { baseDelay: 300, jitter: 'equal' } },
    play,
  },
  {
    name: 'stream-dies-late',
    title: 'A stream that dies in the middle: nothing is said twice, and what had come is kept',
    call: 'stream',
    script: (response) => streamTokens(response, 7, () => response.destroy()),
    options: { timeout: 5_000 },
    play,
  },
]

async function play(client: Client, options: Options): Promise<Completion> {
  const stream = client.stream({ messages: [{ role: 'user', content: 'When are spring tides?' }] }, options)
  process.stdout.write('  ')
  try {
    for await (const event of stream) process.stdout.write(shown(event))
  } finally {
    process.stdout.write('\n\n')
  }
  return await stream.completion
}

function shown(event: StreamEvent): string {
  if (event.type === 'text') return event.text
  return event.type === 'retry' ? style('gray', `(attempt ${event.attempt + 1}) `) : ''
}
