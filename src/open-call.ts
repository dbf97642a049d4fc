import { type Call, endCall } from './call.ts'
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
  /**
   * Calls under way, for `close`; each knows its place. No Set: V8 links every outgrown table of a Set to its successor, so that
   * one that has grown old keeps all later ones, and every call that was ever in them, until the next full collection.
   */
  readonly calls: Call[]
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
 * Begins a call: prepares its request, fixes its deadline and starts to listen to its signals. Throws what the provider throws for a
 * request that it cannot express. The call may be over already: look at `ending`.
 */
export function openCall({ host, settings, model, request }: CallInput, stream: boolean): Call {
  const { clock, random } = host
  const resolved = resolveRequest(request, model.id, stream)
  const wire = model.provider.prepare(resolved)
  const startedAt = clock.now()
  const call: Call = {
    id: `call_${crypto.randomUUID()}`,
    settings,
    provider: model.provider,
    request: resolved,
    wire,
    url: new URL(wire.url),
    transport: host.transports.pick(settings.transport),
    clock,
    random,
    startedAt,
    endsAt: startedAt + allowance(settings, clock),
    attempts: [],
    lastError: undefined,
    credentials: {},
    place: host.calls.length,
    release: () => strike(host.calls, call),
    ending: undefined,
    interrupt: undefined,
  }
  host.calls.push(call)
  listen(call)
  if (host.closed)
    endCall(call, { code: 'aborted', stopReason: 'aborted', message: 'the client is closed; no request was sent.' })
  if (call.endsAt <= startedAt) endCall(call, totalExpired(call))
  return call
}

/** The last call takes the place of the one that leaves. */
function strike(calls: Call[], call: Call): void {
  const last = calls.pop() as Call
  if (last === call) return
  calls[call.place] = last
  last.place = call.place
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
  const onAbort = (event: Event): void => leave(call, event.target as AbortSignal)
  for (const signal of signals) {
    if (signal.aborted) return leave(call, signal)
    signal.addEventListener('abort', onAbort)
  }
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
