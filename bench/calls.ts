import { request } from 'undici'
import type { Contender } from './contender.ts'
import { LENGTHS, type Size } from './workload.ts'

/** Makes `count` calls, `concurrency` at a time; a wrong answer ends the measurement. */
export async function makeCalls(
  contender: Contender,
  { count, concurrency, size = 'small' }: { count: number; concurrency: number; size?: Size },
): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const length = await contender.call(size)
      if (length !== LENGTHS[size]) throw new Error(`${contender.name}: an answer of ${length} characters`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

/** Begins `count` calls at once that are not answered; `release` lets the server answer and waits for the last one. */
export async function holdCalls(contender: Contender, port: number, count: number): Promise<() => Promise<void>> {
  const calls = makeCalls(contender, { count, concurrency: count, size: 'held' })
  // The server tells nobody what has arrived; the loop comes to rest when everything has been written.
  await settled(count)
  return async () => {
    let done = false
    const all = calls.finally(() => (done = true))
    while (!done) {
      const { body } = await request(`http://127.0.0.1:${port}/release/`, { method: 'POST' })
      await body.dump()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await all
  }
}

const settled = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100 + count / 10))

/** V8 settles after so many calls and no sooner: time is no measure of it. */
export const WARM_UP = 20_000
