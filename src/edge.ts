import { bindCreateClient, type Client, type ClientDefaults, type Complete, type Stream } from './client.ts'
import { bindComplete, bindSetDefaultClient, bindStream } from './entry.ts'
import { openFetchTransports } from './transport/edge.ts'

/**
 * Makes a client: defaults and connections that its calls share. It costs no connection until its first call, and keeps no process alive.
 *
 * @throws TypeError for defaults that cannot be meant
 */
export const createClient: (defaults?: ClientDefaults) => Client = /* @__PURE__ */ bindCreateClient(openFetchTransports)

/**
 * Makes one chat-completion call with the default client. Settles by its deadline, whatever the server, the network or a custom fetch
 * does: with an answer that is proven complete, or with one classified CompletionError.
 *
 * @param request WHAT is asked: `model` and `messages`, and what else the model is to know. A plain string is a model of OpenAI's.
 * @param options HOW the call behaves: `timeout`, `retry`, `signal`, …
 * @throws CompletionError for everything that can go wrong with a call; TypeError for a programmer's mistake, before any request.
 *
 * @example
 * const { text } = await complete(
 *   { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: 'Hello' }] },
 *   { timeout: { total: 30_000, attempt: 12_000 }, retry: 3 },
 * )
 */
export const complete: Complete = /* @__PURE__ */ bindComplete(createClient)

/**
 * Makes one streamed chat-completion call with the default client: an async iterable of events that cannot hang, and that never ends
 * quietly unless the answer is proven complete. It is retried until its first content, and never after.
 *
 * @throws TypeError for a programmer's mistake; whoever reads the stream gets a CompletionError for everything else.
 */
export const stream: Stream = /* @__PURE__ */ bindStream(createClient)

/**
 * Replaces the client behind the bare `complete` and `stream` (at first one with the provider `openai`), and returns the one before,
 * which is not closed.
 *
 * @throws TypeError where it is given no client
 */
export const setDefaultClient: (client: Client) => Client = /* @__PURE__ */ bindSetDefaultClient(createClient)

export * from './exports.ts'
