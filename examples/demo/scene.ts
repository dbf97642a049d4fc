import type { Client, Completion, Options } from 'punctual'
import type { Script } from './server.ts'

/** One call against one misbehaviour. */
export interface Scene {
  /** Also the path under which the server plays it. */
  readonly name: string
  /** What goes wrong, as a heading. */
  readonly title: string
  readonly script: Script
  /** How the call is made, for the heading. @defaultValue 'complete' */
  readonly call?: 'complete' | 'stream'
  /** What the caller asks for. */
  readonly options: Options
  /** Makes the call: a stream ends with its `completion`. */
  play(client: Client, options: Options): Promise<Completion>
}
