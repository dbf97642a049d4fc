import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { type Clock, type Completion, createClient, openai } from 'punctual'
import { describe, expect, it } from 'vitest'
import { renderAttempts } from '../examples/demo/timeline.ts'

/** Time that passes only when everything waits for it: a call of many seconds takes none, and always the same. */
interface VirtualTime extends Clock {
  /** Resolves when that much time has passed. */
  after(milliseconds: number): Promise<void>
  /** Lets time pass until the work is done. */
  until<T>(work: Promise<T>): Promise<T>
}

function virtualTime(): VirtualTime {
  let now = 0
  const timers = new Map<object, { readonly due: number; readonly callback: () => void }>()
  const setTimer = (callback: () => void, milliseconds: number): object => {
    const handle = {}
    timers.set(handle, { due: now + milliseconds, callback })
    return handle
  }
  return {
    now: () => now,
    wallNow: () => now,
    setTimeout: setTimer,
    clearTimeout: (handle) => timers.delete(handle as object),
    after: (milliseconds) => new Promise((resolve) => setTimer(resolve, milliseconds)),
    async until(work) {
      let done = false
      const end = (): boolean => (done = true)
      void work.then(end, end)
      while (!done) {
        // A few turns of the event loop, in which all work that waits for no time comes to rest.
        for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
        const [next] = [...timers].toSorted(([, a], [, b]) => a.due - b.due)
        if (done || !next) continue
        timers.delete(next[0])
        now = Math.max(now, next[1].due)
        next[1].callback()
      }
      return work
    },
  }
}

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  model: 'gpt-5-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'At new and full moon.' }, finish_reason: 'stop' }],
})

/** The call of the README's first code, on the bad day that its picture shows. */
async function badDay(): Promise<Completion> {
  const time = virtualTime()
  const days = [
    () => new Promise<Response>(() => {}),
    () => time.after(900).then(() => new Response('{}', { status: 429, headers: { 'retry-after': '3' } })),
    () => time.after(3_000).then(() => new Response(slowly(time, 1_400))),
  ]
  const fetch: typeof globalThis.fetch = () => days.shift()?.() ?? Promise.reject(new Error('one call too many'))
  const client = createClient({ provider: openai({ apiKey: 'key' }), clock: time, random: () => 0.5, fetch })
  const call = client.complete(
    { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'When do spring tides come?' }] },
    { timeout: { total: 30_000, attempt: 12_000 }, retry: 3 },
  )
  return time.until(call)
}

/** The answer, whose end comes that much later than its beginning. */
function slowly(time: VirtualTime, milliseconds: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(ANSWER)
  return new ReadableStream({
    start: async (controller) => {
      controller.enqueue(bytes.subarray(0, 40))
      await time.after(milliseconds)
      controller.enqueue(bytes.subarray(40))
      controller.close()
    },
  })
}

describe('the picture of a call', () => {
  it('shows in the README what the call does', async () => {
    const { attempts, duration } = await badDay()
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'ok'])
    const picture = stripVTControlCharacters(renderAttempts(attempts, duration).join('\n'))
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(`\n${picture}\n`)
  })
})
