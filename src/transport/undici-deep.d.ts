/*
 * undici's index defines global dispatchers as it is loaded; these files do not. The package has no `exports` map, so the paths are
 * reachable, and a test names them because a new minor of undici may move them.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export = Agent
}

declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export = Pool
}

declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'
  export = Client
}

declare module 'undici/lib/core/connect.js' {
  import type { Socket } from 'node:net'
  import type { buildConnector } from 'undici'

  /** Unlike its published type it returns the socket that it connects. */
  function build(
    options?: buildConnector.BuildOptions,
  ): (options: buildConnector.Options, callback: buildConnector.Callback) => Socket
  export = build
}
