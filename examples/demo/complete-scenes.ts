import type { Client, Completion, Options } from 'punctual'
import type { Scene } from './scene.ts'
import { answer, refuse, stall, truncate } from './server.ts'

const QUESTION = { messages: [{ role: 'user', content: 'When do spring tides come?' }] } as const

const play = (client: Client, options: Options): Promise<Completion> => client.complete(QUESTION, options)

/** What `complete` makes of each misbehaviour. */
export const COMPLETE_SCENES: readonly Scene[] = [
  {
    name: 'slow',
    title: 'A model that thinks for too long, repeated in time',
    script: (response, turn) => answer(response, turn === 0 ? 30_000 : 250),
    options: { timeout: { total: 3_000, attempt: 600 } },
    play,
  },
  {
    name: 'busy',
    title: 'A 429 that says when to come back (Retry-After: 1)',
    script: (response, turn) =>
      turn === 0 ? refuse(response, 429, RATE_LIMIT, { 'retry-after': '1' }) : answer(response, 200),
    options: { timeout: 5_000 },
    play,
  },
  {
    name: 'broken',
    title: 'A 503, and another one',
    script: (response, turn) =>
      turn < 2
        ? refuse(response, 503, { message: 'The server had an error.', type: 'server_error' })
        : answer(response, 200),
    options: { timeout: 5_000, retry: { maxRetries: 3, baseDelay: 300, jitter: 'equal' } },
    play,
  },
  {
    name: 'stalled',
    title: 'An answer that stops coming: the deadline holds, and what had come is kept',
    script: (response) => stall(response),
    options: { timeout: 900 },
    play,
  },
  {
    name: 'truncated',
    title: 'An answer that is cut off: never a result, so it is asked for again',
    script: (response, turn) => (turn === 0 ? truncate(response) : answer(response, 200)),
    options: { timeout: 5_000, retry: { baseDelay: 300, jitter: 'equal' } },
    play,
  },
  {
    name: 'quota',
    title: 'A 429 that no waiting helps: the credit is used up',
    script: (response) => refuse(response, 429, QUOTA),
    options: { timeout: 5_000, retry: 5 },
    play,
  },
  {
    name: 'left',
    title: 'A caller who leaves while the model thinks',
    script: (response) => answer(response, 30_000),
    options: { timeout: 5_000 },
    play: (client, options) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('the page was closed')), 300)
      return play(client, { ...options, signal: controller.signal })
    },
  },
]

const RATE_LIMIT = {
  message: 'Rate limit reached for requests. Please try again in 1s.',
  type: 'requests',
  code: 'rate_limit_exceeded',
}

const QUOTA = {
  message: 'You exceeded your current quota, please check your plan and billing details.',
  type: 'insufficient_quota',
  code: 'insufficient_quota',
}
