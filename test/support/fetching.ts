import { createFetch, type FetchOptions } from 'punctual/fetch'
import type { FaultServer } from './fault-server.ts'

export const PATH = '/v1/chat/completions'

/** Retries without waiting, and a total that ends a test that hangs. */
export const QUICK: FetchOptions = { timeout: 5_000, retry: { maxRetries: 2, baseDelay: 1, maxDelay: 1 } }

export const chatBody = (more: object = {}): string =>
  JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'What is the capital of France?' }], ...more })

/** Asks a server for a chat completion through a fetch of its own. */
export function ask(
  server: FaultServer,
  { options, init, body }: { options?: FetchOptions; init?: RequestInit; body?: object } = {},
): Promise<Response> {
  return createFetch({ ...QUICK, ...options })(server.url(PATH), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test-1234567890' },
    body: chatBody(body),
    ...init,
  })
}

export const askStream = (
  server: FaultServer,
  more: { options?: FetchOptions; init?: RequestInit } = {},
): Promise<Response> => ask(server, { ...more, body: { stream: true } })
