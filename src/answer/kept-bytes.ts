/** The beginning of a streamed body: what an error shows of it. */
export interface KeptBytes {
  add(chunk: Uint8Array): void
  bytes(): Uint8Array
}

/**
 * Enough to see who answered, and how. The text of the answer is kept anyway, for `partial`; keeping all of its events beside it would
 * be a tenth of what reading a token costs where tokens come one by one (bench/streams.ts, paced).
 */
const MOST = 8 * 1024

/**
 * Keeps the first 8 KiB of a body in one buffer: the chunks themselves would be a buffer each, and dozens of those for every stream
 * are what the collector then spends its time on.
 */
export function keepBytes(): KeptBytes {
  let buffer = new Uint8Array(0)
  let length = 0
  return {
    add(chunk) {
      const taken = Math.min(chunk.length, MOST - length)
      if (taken === 0) return
      if (length + taken > buffer.length) {
        const larger = new Uint8Array(Math.min(MOST, Math.max(2 * buffer.length, length + taken)))
        larger.set(buffer.subarray(0, length))
        buffer = larger
      }
      buffer.set(taken < chunk.length ? chunk.subarray(0, taken) : chunk, length)
      length += taken
    },
    bytes: () => buffer.subarray(0, length),
  }
}
