import { fail } from '../base/check.ts'
import { earliest } from '../base/epoch.ts'
import { resolveRequest } from '../request/resolve-request.ts'
import type { Attempt } from '../vocabulary/attempt-record.ts'
import type { Clock } from '../vocabulary/clock.ts'
import { CLIENT_CLOSED, isCompletionError } from '../vocabulary/errors.ts'
import type { Model } from '../vocabulary/provider.ts'
import type { Request } from '../vocabulary/request.ts'
import { type Ambient, ambient } from './ambient.ts'
import { type Call, type CallRequest, endCall } from './call.ts'
import type { CallHost } from './call-host.ts'
import { nextId } from './call-id.ts'
import { listen, unlisten } from './call-signals.ts'
import { callTimer } from './call-timer.ts'
import { totalExpired } from './deadline.ts'
import { prepare } from './prepare.ts'
import type { Settings } from './resolve-options.ts'

/** What a client hands over to begin a call: its own side, the call's options in one form, and the checked request. */
export interface CallInput {
  readonly host: CallHost
  readonly settings: Settings
  readonly model: Model
  readonly request: Request
}

/**
 * Makes a call: prepares its request and fixes its deadline. Throws what the provider throws for a request that it cannot express; a
 * CompletionError is the call's `ending` instead.
 * Nothing outside knows of it before it is entered.
 */
export function openCall({ host, settings, model, request }: CallInput, stream: boolean): Call {
  const { resolved, expected } = resolveRequest(request, model.id, stream)
  const { provider } = model
  const parts = { provider, request: resolved, expected }
  try {
    return newCall(host, settings, { ...parts, wire: prepare(provider, resolved) })
  } catch (error) {
    if (!isCompletionError(error)) throw error
    // Its failure like any other: told to the observers and thrown to whoever reads, but known before the call began.
    const call = newCall(host, settings, { ...parts, wire: NO_REQUEST })
    endCall(call, { code: error.code, stopReason: 'not_retryable', message: error.message, error })
    return call
  }
}

const NO_REQUEST: CallRequest = { url: 'about:blank', headers: {}, body: undefined }

/** A call for a request that is ready to be sent. */
export function newCall(
  host: CallHost,
  settings: Settings,
  { provider, request, wire, expected }: Pick<Call, 'provider' | 'request' | 'wire' | 'expected'>,
): Call {
  const { clock } = host
  const startedAt = clock.now()
  const { detached, signals } = settings.layer
  // Looked up here and not where the call is entered: a stream belongs to the request in which it was made, whoever pulls it first.
  const around = detached ? undefined : ambient()
  const endsAt = startedAt + allowance(settings, around, clock)
  return {
    ...BLANK,
    id: nextId(),
    host,
    settings,
    provider,
    request,
    wire,
    expected,
    url: parsed(wire.url),
    transport: host.transports.pick(settings.layer),
    clock,
    startedAt,
    endsAt,
    timer: callTimer(clock, endsAt),
    signals: around ? [...signals, ...around.signals] : signals,
    attempts: NO_ATTEMPTS.slice(),
  }
}

/**
 * What every call begins as. V8 watches what becomes of the objects that a literal makes; where many live as long as a call does, it
 * puts all later ones straight among the old, and a dead old object keeps what it refers to, so nearly the whole call, until the next
 * full collection. A copy has no such place of birth. So what lives as long as a call, here and in the files below, is a copy.
 */
const BLANK: Call = {
  id: '',
  settings: undefined as never,
  provider: undefined as never,
  request: undefined as never,
  wire: undefined as never,
  expected: undefined as never,
  correction: undefined,
  url: undefined as never,
  transport: undefined as never,
  clock: undefined as never,
  startedAt: 0,
  endsAt: 0,
  timer: undefined as never,
  signals: [],
  attempts: [],
  lastError: undefined,
  refusal: undefined,
  credentials: {},
  pastCredentials: [],
  host: undefined as never,
  place: -1,
  onAbort: undefined,
  ending: undefined,
  interrupt: undefined,
}

const NO_ATTEMPTS: readonly Attempt[] = []

let lastURL: URL | undefined
let lastText = ''

/** Most calls go where the one before went. Nobody writes to a call's URL. */
function parsed(text: string): URL {
  if (lastURL && text === lastText) return lastURL
  if (!URL.canParse(text)) fail('the url of prepare()', text, 'an absolute URL')
  lastURL = new URL(text)
  lastText = text
  return lastURL
}

/** Begins a call: its client knows of it, and it listens to its signals. It may be over already: look at `ending`. */
export function enterCall(call: Call, now: number): void {
  const { host } = call
  call.place = host.calls.push(call) - 1
  listen(call)
  if (host.closed)
    endCall(call, { code: 'aborted', stopReason: 'aborted', message: `${CLIENT_CLOSED}; no request was sent.` })
  if (call.endsAt <= now) endCall(call, totalExpired(call, false))
}

/** Ends it for its client: nothing that it holds outside itself is left. Leaving twice is leaving once. */
export function leaveCall(call: Call): void {
  const { host, place } = call
  if (place < 0) return
  call.place = -1
  unlisten(call)
  const last = host.calls.pop() as Call
  if (last !== call) {
    host.calls[place] = last
    last.place = place
  }
  if (host.calls.length === 0) for (const tell of host.onIdle.splice(0)) tell()
}

/** How long the call may take: an inherited deadline replaces the default total, an explicit total holds beside it. */
function allowance({ layer, limits }: Settings, around: Ambient | undefined, clock: Clock): number {
  const deadline = earliest(layer.deadline, around?.deadline)
  if (deadline === undefined) return limits.total
  const inherited = deadline - clock.wallNow()
  return limits.given.total === undefined ? inherited : Math.min(inherited, limits.total)
}
