import { fail, rejectUnknown } from './base/check.ts'
import { endCall } from './call/call.ts'
import { type CallHost, type HostOptions, openHost } from './call/call-host.ts'
import type { CallInput } from './call/open-call.ts'
import { BARE, type Layer, layOver, resolveSettings } from './call/resolve-options.ts'
import { complete } from './complete.ts'
import { checkRequest } from './request/check-request.ts'
import type { CompletionStream } from './stream/stream-handle.ts'
import { stream } from './stream.ts'
import type { Transports } from './transport/transport.ts'
import { LONGEST_TIMER } from './vocabulary/clock.ts'
import { CLIENT_CLOSED } from './vocabulary/errors.ts'
import { OPTION_NAMES } from './vocabulary/names.ts'
import type { Options } from './vocabulary/options.ts'
import type { Model, Provider } from './vocabulary/provider.ts'
import type { NoTools, OutputOf, OutputSpec, Request, ToolCallOf, ToolSet } from './vocabulary/request.ts'
import type { Completion } from './vocabulary/result.ts'

/** What turns a model's id into a Model: `openai`, `openai({ … })`, or a Provider of your own. */
export type ProviderLike = Provider | ((model: string) => Model)

/** The options that every call of a client starts from, and what belongs to the client itself. */
export interface ClientDefaults extends Options, HostOptions {
  /** Used where a request's model is a plain string. */
  readonly provider?: ProviderLike | undefined
  /** Used where a request names none. */
  readonly model?: string | Model | undefined
}

/** How a client is closed. */
export interface CloseOptions {
  /** How long calls in flight may go on, in milliseconds; then they are aborted. More than 24 days is no limit. @defaultValue 5_000 */
  readonly grace?: number | undefined
}

/** Makes a call: the types of the request's `output` and `tools` decide those of the completion. */
export interface Complete {
  <const T extends ToolSet = NoTools, const O extends OutputSpec | undefined = undefined>(
    request: Request<T, O>,
    options?: Options,
  ): Promise<Completion<OutputOf<O, T>, ToolCallOf<T>>>
}

/** Begins a streamed call: the types of the request's `output` and `tools` decide those of its completion. */
export interface Stream {
  <const T extends ToolSet = NoTools, const O extends OutputSpec | undefined = undefined>(
    request: Request<T, O>,
    options?: Options,
  ): CompletionStream<OutputOf<O, T>, ToolCallOf<T>>
}

/** Calls that share their defaults and their connections. */
export interface Client {
  /**
   * Makes one call. Settles by its deadline, whatever happens.
   * @throws CompletionError for everything that can go wrong with a call; TypeError for a programmer's mistake, before any request.
   */
  complete: Complete
  /**
   * Begins a streamed call. It makes its request when it is first pulled; its deadline counts from here.
   * @throws TypeError for a programmer's mistake
   */
  stream: Stream
  /** A client that lays further defaults over this one's and shares its connections; closing either closes both. */
  with(defaults: Omit<ClientDefaults, 'clock' | 'random'>): Client
  /** Lets calls in flight finish for `grace` ms, then aborts them, and closes the connections. Later calls fail `aborted`. */
  close(options?: CloseOptions): Promise<void>
  /** `close()` with the default grace: what `await using` does. */
  [Symbol.asyncDispose](): Promise<void>
}

const CLIENT_NAMES: ReadonlySet<string> = new Set([...OPTION_NAMES, 'provider', 'model', 'clock', 'random'])

interface Own {
  readonly layer: Layer
  readonly provider: ProviderLike | undefined
  readonly model: string | Model | undefined
}

/** Makes the `createClient` of an entry, which knows the transports of its runtime. */
export function bindCreateClient(openTransports: () => Transports): (defaults?: ClientDefaults) => Client {
  return (defaults = {}) => {
    const own = ownOf({ layer: BARE, provider: undefined, model: undefined }, defaults)
    return clientOf(openHost(defaults, openTransports(), 'defaults'), own)
  }
}

function ownOf(base: Own, defaults: ClientDefaults): Own {
  rejectUnknown('defaults', defaults, CLIENT_NAMES)
  const { provider, model, clock: _clock, random: _random, ...options } = defaults
  if (provider !== undefined && typeof provider !== 'function' && typeof provider?.prepare !== 'function') {
    fail('defaults.provider', provider, 'a provider such as openai, or openai({ … })')
  }
  if (model !== undefined) checkModel('defaults.model', model)
  return {
    layer: layOver(base.layer, options, 'defaults'),
    provider: provider ?? base.provider,
    model: model ?? base.model,
  }
}

function clientOf(host: CallHost, own: Own): Client {
  const settings = resolveSettings(own.layer)
  const close = (options: CloseOptions = {}): Promise<void> => closeHost(host, options)
  const inputOf = (request: Request, options: Options | undefined): CallInput => {
    checkRequest(request)
    return {
      host,
      settings: options === undefined ? settings : resolveSettings(layOver(own.layer, options)),
      model: resolveModel(request.model ?? own.model, own.provider),
      request,
    }
  }
  return {
    // The types of a result follow from those of its request, which the compiler cannot see from here.
    complete: ((request: Request, options?: Options) => {
      try {
        const input = inputOf(request, options)
        return complete(input, wireOf(input, options))
      } catch (error) {
        return Promise.reject(error)
      }
    }) as Complete,
    stream: ((request: Request, options?: Options) => {
      const input = inputOf(request, options)
      const { name, streamReader } = input.model.provider
      if (!streamReader)
        throw new TypeError(
          `request.model: the provider ${name} has no streamReader, so it cannot stream; use complete`,
        )
      return stream(input)
    }) as Stream,
    with: (defaults) => {
      const { clock, random } = Object(defaults) as ClientDefaults
      if ((clock ?? random) !== undefined)
        throw new TypeError('clock and random belong to createClient: give them there')
      return clientOf(host, ownOf(own, defaults))
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

/** Whether `complete` asks for a stream: where it is told to, or where the call itself limits silence, which only a stream shows. */
function wireOf({ settings, model }: CallInput, options: Options | undefined): 'json' | 'stream' {
  const { wire } = settings.layer
  if (wire === 'json' || !model.provider.streamReader) return 'json'
  const timeout = typeof options?.timeout === 'object' ? options.timeout : {}
  return wire === 'stream' || timeout.firstToken !== undefined || timeout.idle !== undefined ? 'stream' : 'json'
}

function resolveModel(model: string | Model | undefined, provider: ProviderLike | undefined): Model {
  if (typeof model === 'string' && model !== '') {
    if (!provider)
      throw new TypeError(
        'the model is a plain string, but the client has no provider: give createClient a provider, or pass a Model',
      )
    return typeof provider === 'function' ? provider(model) : { id: model, provider }
  }
  checkModel('request.model', model)
  return model as Model
}

function checkModel(field: string, model: unknown): void {
  if (typeof model === 'string' && model !== '') return
  if (typeof model === 'object' && typeof (model as Model | null)?.provider?.prepare === 'function') return
  fail(field, model, "a model's id or a Model such as openai('gpt-5-mini')")
}

const CLOSE_NAMES = new Set(['grace'])

async function closeHost(host: CallHost, options: CloseOptions): Promise<void> {
  rejectUnknown('close', options, CLOSE_NAMES)
  const { grace = 5_000 } = options
  if (typeof grace !== 'number' || !(grace >= 0)) fail('close.grace', grace, 'a number of milliseconds of at least 0')
  host.closed = true
  await idle(host, grace)
  host.transports.close()
}

/** Resolves when no call is under way; those that are after `grace` ms are ended. */
function idle({ calls, onIdle, clock }: CallHost, grace: number): Promise<void> {
  if (calls.length === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = grace > LONGEST_TIMER ? undefined : clock.setTimeout(abortAll, grace)
    function abortAll(): void {
      for (const call of calls.slice()) {
        endCall(call, {
          code: 'aborted',
          stopReason: 'aborted',
          message: `${CLIENT_CLOSED} and ${grace} ms of grace were over.`,
        })
      }
    }
    onIdle.push(() => {
      if (timer !== undefined) clock.clearTimeout(timer)
      resolve()
    })
  })
}
