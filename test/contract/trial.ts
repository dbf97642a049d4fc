import type * as Fetch from '../../src/fetch.ts'
import type * as Punctual from '../../src/index.ts'
import type * as Server from '../../src/server.ts'
import type { Scenario } from './scenarios.ts'

/** What is under trial: what `import * as library from 'punctual'` gives, in either build. */
export type Library = typeof Punctual

/** What a case is given. The case runs inside the runtime that is tried, and the server outside of it. */
export interface Trial {
  readonly library: Library
  /** What `punctual/fetch` gives. */
  readonly fetch: typeof Fetch
  /** What `punctual/server` gives. */
  readonly server: typeof Server
  /** A base URL whose requests the server answers by that scenario; `seen` tells of the last one made. */
  url(scenario: Scenario): string
  /** How many requests the server has had; with `gone`, once the sockets that they came on are closed. */
  seen(gone?: 'gone'): Promise<{ readonly requests: number; readonly open: number }>
  /** Makes the server break the connections off on which it has not answered to the end. */
  cut(): Promise<void>
  /** A base URL at which nobody listens. */
  readonly refused: string
}

export interface Case {
  readonly name: string
  run(trial: Trial): Promise<void>
}

export const HELLO = [{ role: 'user', content: 'Hello' }] as const
export const ANSWER = 'Zürich 東京 🐢'
export const QUICK = { baseDelay: 1, jitter: 'none' } as const

/** A request to a scenario of the server. */
export function hello(trial: Trial, scenario: Scenario): Pick<Punctual.Request, 'model' | 'messages'> {
  const { openaiCompatible } = trial.library
  const settings = { name: 'local', baseURL: trial.url(scenario), apiKey: 'sk-contract' }
  return { model: openaiCompatible(settings)('m'), messages: HELLO }
}

/** The library's own error that a call ends with; any other is thrown. */
export async function failure(
  { library }: Pick<Trial, 'library'>,
  call: PromiseLike<unknown>,
): Promise<Punctual.AnyCompletionError> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  )
  if (library.isCompletionError(error)) return error
  throw error
}

export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`)
}

/** Compares what is plain data. */
export function equal(actual: unknown, expected: unknown): void {
  const [is, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== wanted) throw new Error(`got ${is} instead of ${wanted}`)
}
