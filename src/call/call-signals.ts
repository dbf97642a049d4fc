import { type Call, endCall } from './call.ts'

/** One listener on each of the caller's signals, taken back when the call has settled. */
export function listen(call: Call): void {
  const { signals } = call
  if (signals.length === 0) return
  const { release } = call
  const onAbort = (): void => {
    const signal = signals.find((one) => one.aborted)
    if (signal) leave(call, signal)
  }
  // Before any is listened to: a call that is over has nobody who would take a listener back.
  const aborted = signals.find((signal) => signal.aborted)
  if (aborted) return leave(call, aborted)
  for (const signal of signals) signal.addEventListener('abort', onAbort)
  call.release = () => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    release.call(call)
  }
}

function leave(call: Call, { reason }: AbortSignal): void {
  const timeout = isTimeout(reason)
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

/** A reason may be anything, also what cannot be looked at. */
function isTimeout(reason: unknown): boolean {
  try {
    return (reason as { readonly name?: unknown } | null | undefined)?.name === 'TimeoutError'
  } catch {
    return false
  }
}
