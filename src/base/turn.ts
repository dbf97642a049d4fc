/**
 * Runs `expire` for a timer that was due at `due`. A busy event loop runs its timers before it reads its sockets, so an answer that
 * arrived in time would lose to a timer that is late, however little: the loop gets one turn to read first. `expire` is to look again.
 */
export function afterReading(now: number, due: number, expire: () => void): void {
  if (now > due) afterTurn(expire)
  else expire()
}

/** Held from the start: what waits for a turn waits for no time, and fake timers that replace it later would hold it for ever. */
const { setImmediate } = globalThis

/** Runs something when the event loop has read its sockets once. */
export function afterTurn(run: () => void): void {
  try {
    setImmediate(run)
  } catch {
    // Browsers have none; Next.js' edge runtime has one that does nothing but throw.
    setTimeout(run, 0)
  }
}
