// A call within the life of a request.

export { deadlineFrom } from './server/deadline-from.ts'
export { expressMiddleware, fastifyHook } from './server/middleware.ts'
export { platforms } from './server/platforms.ts'
export { signalFrom } from './server/signal-from.ts'
export { withRequest } from './server/with-request.ts'

// Its answer.

export { problemResponse, toProblem } from './server/problem.ts'
export { relay } from './server/relay.ts'
export { relayResponse } from './server/relay-response.ts'

// Their types.

export type {
  DeadlineFromOptions,
  DeadlineSource,
  HeaderSource,
  LambdaContext,
  PlatformSource,
} from './server/deadline-from.ts'
export type { MiddlewareOptions, ServedRequest } from './server/middleware.ts'
export type { Platform, PlatformName } from './server/platforms.ts'
export type { Problem, ProblemBody, ProblemOptions } from './server/problem.ts'
export type { RelayOptions, RelaySource } from './server/relay-events.ts'
export type { ClientGone } from './server/signal-from.ts'
export type { TimeoutHeader } from './server/timeout-headers.ts'
export type { RequestScope } from './server/with-request.ts'
