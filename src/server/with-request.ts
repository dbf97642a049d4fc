import { fail, rejectUnknown } from '../base/check.ts'
import { epochOf } from '../base/epoch.ts'
import { nested, runInside } from './ambient-storage.ts'
import { signalFrom } from './signal-from.ts'

/** The request that is being served. */
export interface RequestScope {
  /** A web `Request`, or a request or context of a Node framework: see {@link signalFrom}. */
  readonly request: object
  /** Node's response, or what holds it; not needed for a web `Request`. */
  readonly response?: object | undefined
  /** When the answer must be ready: what {@link deadlineFrom} returns. */
  readonly deadline?: Date | number | undefined
}

/**
 * Runs a handler so that every call made while it works, however deep in the call stack and without being handed anything, ends when
 * the client leaves and by the given deadline. A call's own options hold beside it; `detached: true` on a call ignores them.
 *
 * Through AsyncLocalStorage: what is awaited goes on inside. A listener of the request (`request.on('end', …)`) runs outside where the body
 * arrives later: read it with `await`, or before, or bind the listener (`AsyncResource.bind`).
 *
 * @returns What the handler returns.
 * @throws TypeError where the request does not tell when its client leaves, or the runtime has no AsyncLocalStorage.
 */
export function withRequest<T>(scope: RequestScope, handler: () => T): T {
  rejectUnknown('withRequest', scope, SCOPE)
  const { request, response, deadline } = scope
  const end = epochOf(deadline)
  if (end === undefined && deadline !== undefined)
    fail('deadline', deadline, 'a valid Date, or milliseconds since the Unix epoch')
  return runInside(nested(end, signalFrom(request, response)), handler)
}

const SCOPE = new Set(['request', 'response', 'deadline'])
