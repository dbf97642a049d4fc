import { type Call, endCall, remaining } from './call.ts'
import type { Clock } from './clock.ts'
import { totalExpired } from './deadline.ts'
import type { Model } from './provider.ts'
import type { Request, ResolvedRequest } from './request.ts'
import type { Settings } from './resolve-options.ts'
import type { Transports } from './transport/transport.ts'

/** What a client lends to its calls. */
export interface CallHost {
  readonly clock: Clock
  readonly random: () => number
  readonly transports: Transports
  /** Calls under way, for `close`. */
  readonly calls: Set<Call>
  closed: boolean
}

/** What a client hands over to begin a call: its own side, the call's options in one form, and the checked request. */
export interface CallInput {
  readonly host: CallHost
  readonly settings: Settings
  readonly model: Model
  readonly request: Request
}

/**
 * Makes a call: prepares its request and fixes its deadline. Throws what the provider throws for a request that it cannot express.
 * Nothing outside knows of it before it is entered.
 */
export function openCall({ host, settings, model, request }: CallInput, stream: boolean): Call {
  const resolved = resolveRequest(request, model.id, stream)
  return newCall(host, settings, {
    provider: model.provider,
    request: resolved,
    wire: model.provider.prepare(resolved),
  })
}

/** A call for a request that is ready to be sent. */
export function newCall(
  host: CallHost,
  settings: Settings,
  { provider, request, wire }: Pick<Call, 'provider' | 'request' | 'wire'>,
): Call {
  const { clock, random } = host
  const startedAt = clock.now()
  return {
    id: `call_${crypto.randomUUID()}`,
    settings,
    provider,
    request,
    wire,
    url: new URL(wire.url),
    transport: host.transports.pick(settings.transport),
    clock,
    random,
    startedAt,
    endsAt: startedAt + allowance(settings, clock),
    attempts: [],
    lastError: undefined,
    refusal: undefined,
    credentials: {},
    release: () => undefined,
    ending: undefined,
    interrupt: undefined,
  }
}

/** Begins a call: its client knows of it, and it listens to its signals. It may be over already: look at `ending`. */
export function enterCall(host: CallHost, call: Call): void {
  host.calls.add(call)
  call.release = () => host.calls.delete(call)
  listen(call)
  if (host.closed)
    endCall(call, { code: 'aborted', stopReason: 'aborted', message: 'the client is closed; no request was sent.' })
  if (remaining(call) <= 0) endCall(call, totalExpired(call))
}

/** How long the call may take: an inherited deadline replaces the default total, an explicit total holds beside it. */
function allowance({ layer, limits }: Settings, clock: Clock): number {
  if (layer.deadline === undefined) return limits.total
  const inherited = layer.deadline - clock.wallNow()
  return limits.given.total === undefined ? inherited : Math.min(inherited, limits.total)
}

/** One listener on each of the caller's signals, taken back when the call has settled. */
function listen(call: Call): void {
  const { signals } = call.settings.layer
  if (signals.length === 0) return
  const release = call.release
  const aborted = signals.find((signal) => signal.aborted)
  if (aborted) return leave(call, aborted)
  const onAbort = (event: Event): void => leave(call, event.target as AbortSignal)
  for (const signal of signals) signal.addEventListener('abort', onAbort)
  call.release = () => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    release()
  }
}

function leave(call: Call, { reason }: AbortSignal): void {
  const timeout =
    typeof reason === 'object' && reason !== null && (reason as { name?: unknown }).name === 'TimeoutError'
  endCall(call, {
    code: timeout ? 'timeout' : 'aborted',
    phase: timeout ? 'signal' : undefined,
    stopReason: 'aborted',
    message: timeout
      ? "the caller's signal timed out (its reason is beneath)."
      : "the caller's signal was aborted (its reason is beneath).",
    cause: reason,
  })
}

function resolveRequest(request: Request, model: string, stream: boolean): ResolvedRequest {
  const { messages, maxTokens, temperature, topP, stop, seed, reasoningEffort, extraBody } = request
  return {
    model,
    messages,
    tools: [],
    maxTokens,
    temperature,
    topP,
    stop: stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop,
    seed,
    reasoningEffort,
    extraBody: extraBody ?? {},
    stream,
  }
}
