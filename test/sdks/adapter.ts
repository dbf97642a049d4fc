import type { WireName } from './wire-answers.ts'

/** How a test speaks through one SDK: always the same question, in the SDK's own words. */
export interface Adapter {
  readonly wire: WireName
  /** The SDK's own retries are off where `x-should-retry: false` says so, without `maxRetries: 0`. */
  readonly heedsHeader: boolean
  /** Its calls without a stream can be aborted. */
  readonly aborts: boolean
  /** Leaving its streams early ends the exchange; else the limits do. */
  readonly leaves: boolean
  /** Whether punctual can prove that the wire's answers are complete. */
  readonly proven: boolean
  /** Opens the SDK on a server, with a fetch. `ownRetries` leaves its retries as they are by default. */
  open(origin: string, fetch: typeof globalThis.fetch, ownRetries: boolean): Conversation
}

export interface Conversation {
  /** Resolves with the answer's text. */
  ask(signal?: AbortSignal): Promise<string>
  /** Gives the pieces of the answer's text. */
  stream(signal?: AbortSignal): AsyncIterable<string>
}

export const QUESTION = 'What is the capital of France?'
export const KEY = 'test-key'

/** The signal as an option, where there is one. */
export const signalled = <K extends string>(name: K, signal: AbortSignal | undefined): { [P in K]?: AbortSignal } =>
  (signal ? { [name]: signal } : {}) as { [P in K]?: AbortSignal }

/** The SDK's way to turn its retries off, unless it is to keep them. */
export const withoutRetries = (ownRetries: boolean): { maxRetries?: number } => (ownRetries ? {} : { maxRetries: 0 })
