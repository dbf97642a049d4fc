import { type Call, endCall } from './call.ts'

/** One listener on each of the caller's signals, until `unlisten`. A signal that is aborted already ends the call at once. */
export function listen(call: Call): void {
  const { signals } = call
  if (signals.length === 0) return
  const onAbort = (): void => {
    const signal = signals.find((one) => one.aborted)
    if (signal) leave(call, signal)
  }
  onAbort()
  if (call.ending) return
  call.onAbort = onAbort
  for (const signal of signals) signal.addEventListener('abort', onAbort)
}

/** Takes the listeners back. */
export function unlisten({ signals, onAbort }: Call): void {
  if (onAbort) for (const signal of signals) signal.removeEventListener('abort', onAbort)
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
