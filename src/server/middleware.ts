import { fail, rejectUnknown } from '../base/check.ts'
import { withRequest } from './with-request.ts'

/** What a request has in every framework. */
export interface ServedRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The path and the query. */
  readonly url?: string | undefined
  /** `POST`, say. */
  readonly method?: string | undefined
}

/** What {@link expressMiddleware} and {@link fastifyHook} can be given. */
export interface MiddlewareOptions<Request> {
  /** When the answer to a request must be ready; undefined sets no deadline. */
  readonly deadline?: ((request: Request) => Date | number | undefined) | undefined
}

/** Makes a middleware: its options' `deadline` is given the request as the framework has it. */
interface MakeMiddleware {
  (): (request: object, response: object, next: () => void) => void
  (options: MiddlewareOptions<ServedRequest>): (request: ServedRequest, response: object, next: () => void) => void
  <Request extends object>(
    options?: MiddlewareOptions<Request>,
  ): (request: Request, response: object, next: () => void) => void
}

const NAMES = new Set(['deadline'])

/** A misspelt deadline would be none, and nobody would notice before the proxy does. */
const middlewareCalled =
  (name: string): MakeMiddleware =>
  <Request extends object>(options: MiddlewareOptions<Request> = {}) => {
    rejectUnknown(name, options, NAMES)
    const { deadline } = options
    if (deadline !== undefined && typeof deadline !== 'function')
      fail(`${name}.deadline`, deadline, 'a function of the request, for every request has a deadline of its own')
    return (request: Request, response: object, next: () => void): void =>
      withRequest({ request, response, deadline: deadline?.(request) }, () => next())
  }

/**
 * {@link withRequest} as an Express middleware: `app.use(expressMiddleware({ deadline: () => Date.now() + 25_000 }))`. Also for
 * anything else that calls `(request, response, next)`: Connect, NestJS, Next.js' custom servers.
 */
export const expressMiddleware: MakeMiddleware = /* @__PURE__ */ middlewareCalled('expressMiddleware')

/**
 * {@link withRequest} as a Fastify hook: `app.addHook('preHandler', fastifyHook())`. It belongs after the body has been parsed
 * (`preValidation`, `preHandler`): what comes before loses the context where a body arrives.
 */
export const fastifyHook: MakeMiddleware = /* @__PURE__ */ middlewareCalled('fastifyHook')
