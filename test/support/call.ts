import {
  type Client,
  type ClientDefaults,
  type Completion,
  createClient,
  openaiCompatible,
  type Request,
} from 'punctual'
import { onTestFinished } from 'vitest'
import { type AnyCompletionError, isCompletionError } from '../../src/vocabulary/errors.ts'
import type { CallEvent } from '../../src/vocabulary/events.ts'

export const KEY = 'test-key-0123456789'
export const PROMPT = 'What is the capital of France? I ask for a friend.'
export const asked: Request = { messages: [{ role: 'user', content: PROMPT }] }

/** A client of a provider at `origin` that waits for nothing between attempts; closed when the test is over. */
export function clientOf(origin: string | URL, defaults: ClientDefaults = {}): Client {
  const provider = openaiCompatible({ name: 'local', baseURL: new URL('/v1', origin), apiKey: KEY })
  const client = createClient({
    provider,
    model: 'm',
    proxy: usesOther(defaults) ? undefined : false,
    random: () => 0,
    ...defaults,
  })
  onTestFinished(() => client.close({ grace: 0 }))
  return client
}

const usesOther = ({ fetch, dispatcher, proxy }: ClientDefaults): boolean =>
  fetch !== undefined || dispatcher !== undefined || proxy !== undefined

/** The CompletionError that a call fails with. */
export async function failureOf(call: Promise<Completion>): Promise<AnyCompletionError> {
  const error: unknown = await call.then(
    ({ text }) => new Error(`expected a failure, got the answer ${text}`),
    (reason: unknown) => reason,
  )
  if (!isCompletionError(error)) throw error
  return error
}

/** An observer that keeps what it was told. */
export function observer(): {
  readonly onEvent: (event: CallEvent) => void
  readonly events: CallEvent[]
  types(): string[]
} {
  const events: CallEvent[] = []
  return { events, onEvent: (event) => void events.push(event), types: () => events.map(({ type }) => type) }
}

/** A signal that counts the listeners on it. */
export function countingSignal(): AbortController & { readonly listeners: () => number } {
  const controller = new AbortController()
  const { signal } = controller
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  let count = 0
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    count++
    add(...given)
  }
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    count--
    remove(...given)
  }
  return Object.assign(controller, { listeners: () => count })
}

/** A fetch that answers by a script, on no network; each step sees the init it was called with. */
export function scriptedFetch(
  ...steps: ((init: RequestInit, index: number) => Response | Promise<Response>)[]
): typeof globalThis.fetch & { readonly requests: RequestInit[] } {
  const requests: RequestInit[] = []
  const fetch = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    requests.push(init)
    const index = requests.length - 1
    return await (steps[Math.min(index, steps.length - 1)] as (typeof steps)[number])(init, index)
  }
  return Object.assign(fetch as typeof globalThis.fetch, { requests })
}

export const responding =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })

/** Never answers, but hears the abort as a real fetch does. */
export const silence = ({ signal }: RequestInit): Promise<Response> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Never answers and hears nothing. */
export const deaf = (): Promise<Response> => new Promise(() => {})
