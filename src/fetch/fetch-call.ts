import type { GoodResponse, WholeAnswer } from '../answer/body.ts'
import { startAttempt } from '../attempt/attempt.ts'
import { runAttempts } from '../attempt/attempts.ts'
import type { AttemptPlan } from '../attempt/running-attempt.ts'
import { endedBefore, finishFailure, finishSuccess } from '../attempt/settle.ts'
import { type Call, endCall } from '../call/call.ts'
import type { CallHost } from '../call/call-host.ts'
import { withinDeadline } from '../call/deadline.ts'
import { enterCall, leaveCall, newCall } from '../call/open-call.ts'
import type { Settings } from '../call/resolve-options.ts'
import { interruptible } from '../call/waiting.ts'
import type { Expected } from '../request/output.ts'
import type { WireRequest } from '../transport/transport.ts'
import type { CompletionError } from '../vocabulary/errors.ts'
import { openPassage, type Passage } from './passage.ts'
import { openPassedBody, type PassedBody } from './passed-body.ts'
import type { RequestHead } from './request-head.ts'
import { inBandResponse, refusedResponse, responseOf } from './returned.ts'
import { keepable, remember } from './unwrap-error.ts'
import { recognise } from './wires.ts'

/**
 * The life of a request that is somebody else's. Up to its first content it is that of `complete` (see there); then:
 *
 *     document   whole and proven → a Response                                     ✗ invalid_response
 *     stream     its first content → a Response, whose body goes on at its reader's pace under the same limits
 *     refusal    the last Response, with `x-should-retry: false`
 */
export function fetchThrough(host: CallHost, settings: Settings, head: RequestHead): Promise<Response> {
  const known = describe(head, typeof head.body === 'function' ? undefined : head.body)
  const call = newCall(host, settings, known.parts)
  enterCall(call, call.startedAt)
  if (call.ending) return Promise.reject(keepable(endedBefore(call), head.signal))
  const fetched: Fetched = { proven: known.proven, refused: undefined, settle: () => undefined }
  const settled = new Promise<void>((resolve) => {
    fetched.settle = resolve
  })
  const answered = answer(call, head, fetched)
  // The deadline is over the whole, of which the Response may be only the beginning.
  answered.catch(fetched.settle)
  withinDeadline(call, settled).catch(() => undefined)
  return answered.catch((error: unknown) => {
    const { refused } = fetched
    if (refused && refused.error === error) return refused.response()
    throw keepable(error, head.signal)
  })
}

async function answer(call: Call, head: RequestHead, fetched: Fetched): Promise<Response> {
  if (typeof head.body === 'function') {
    const { bytes, type } = await bodyRead(call, head.body)
    const headers = type === null ? head.headers : { 'content-type': type, ...head.headers }
    const { parts, proven } = describe({ ...head, headers }, bytes)
    call.provider = parts.provider
    call.request = parts.request
    call.wire = parts.wire
    fetched.proven = proven
  }
  return runAttempts(call, (plan) => fetchOnce(call, plan, fetched, head.signal))
}

/** What is known of a fetch beside its call. */
interface Fetched {
  /** Whether the end of its answer can be proven. */
  proven: boolean
  /** The latest failure, where it is returned and not thrown if it stays the last. */
  refused: { readonly error: CompletionError; response(): Response } | undefined
  /** Everything is over, the body too. */
  settle: () => void
}

interface Described {
  readonly parts: Pick<Call, 'provider' | 'request' | 'wire' | 'expected'>
  readonly proven: boolean
}

/** Tools and schemas are the SDK's matter. */
const NOTHING_EXPECTED: Expected = { inputs: new Map(), output: undefined }

function describe({ method, url, headers }: RequestHead, body: WireRequest['body']): Described {
  const { provider, request, proven } = recognise(method, url, body)
  return {
    parts: { provider, request, wire: { method, url: url.href, headers, body }, expected: NOTHING_EXPECTED },
    proven,
  }
}

type ReadBody = Exclude<RequestHead['body'], WireRequest['body']>

/** Reads a body that can only be read asynchronously, within the deadline. */
async function bodyRead(call: Call, read: ReadBody): ReturnType<ReadBody> {
  try {
    return await interruptible(call, read)
  } catch (error) {
    if (call.ending) finishFailure(call, error as CompletionError, call.ending.stopReason)
    else leaveCall(call)
    throw call.ending ? error : new TypeError('fetch: the body of the request could not be read', { cause: error })
  }
}

/** One attempt: resolves with a Response, or rejects with what may be tried again. */
function fetchOnce(call: Call, plan: AttemptPlan, fetched: Fetched, own: AbortSignal | undefined): Promise<Response> {
  return new Promise((resolve, reject) => {
    let good: GoodResponse | undefined
    let body: PassedBody | undefined
    let handedOut: Response | undefined
    call.refusal = undefined
    const passage = openPassage(
      () => body?.hungry(),
      (reason) => {
        // Whoever has read the end marker need not wait for the end of the connection.
        if (!body?.complete) endCall(call, { ...LEFT, cause: reason })
      },
    )
    startAttempt<WholeAnswer>(call, plan, {
      openBody(_call, response, controls) {
        good = response
        body = openPassedBody({
          call,
          proven: fetched.proven,
          response,
          controls,
          passage,
          onBegun() {
            handedOut = responseOf(call.url, response, passage.body)
            resolve(handedOut)
          },
        })
        return body
      },
      conclude: (_call, answered) => ({ kind: 'fits', value: answered }),
      succeed(whole, response) {
        finishSuccess(call, whole.answer)
        if (handedOut) passage.end()
        else resolve(responseOf(call.url, response, passage.whole()))
        fetched.settle()
      },
      fail(error) {
        if (handedOut) {
          // What has been handed out is never sent again, so nothing may follow.
          finishFailure(call, error, call.ending?.stopReason ?? 'not_retryable')
          // An error event among the rest is read by the SDK before the body fails.
          remember(handedOut, error)
          passage.fail(keepable(error, own), call.ending?.stopReason === 'aborted')
          return fetched.settle()
        }
        const response = finalResponse(call, error, good, body, passage)
        fetched.refused = response && { error, response }
        reject(error)
      },
    })
  })
}

const LEFT = {
  code: 'aborted',
  stopReason: 'aborted',
  message: 'the body of the response was cancelled (its reason is beneath).',
} as const

/** What is returned for a failure that the server has put into words; undefined where it has to be thrown. */
function finalResponse(
  call: Call,
  error: CompletionError,
  good: GoodResponse | undefined,
  body: PassedBody | undefined,
  passage: Passage,
): (() => Response) | undefined {
  const { refusal, url } = call
  if (call.ending) return undefined
  if (refusal) return () => refusedResponse(url, refusal, error)
  const inBand = body?.inBand
  if (!good || !inBand) return undefined
  // A prompt that was refused is an ordinary answer where it has no status of its own (Gemini): the SDK knows how to read it.
  if (error.code === 'content_filter') return () => responseOf(url, good, passage.whole())
  return () => inBandResponse(url, good.headers, inBand.json, error)
}
