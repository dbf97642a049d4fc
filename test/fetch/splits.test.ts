import fc from 'fast-check'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { CHAT_STREAM, EVENT_STREAM } from '../support/fetched-stream.ts'
import { chatBody } from '../support/fetching.ts'

const TEXT = `: größe\n\n${CHAT_STREAM.join('')}`
const BYTES = new TextEncoder().encode(TEXT)
/** Where the finish reason has arrived: from here on the answer is whole. */
const FINISHED = BYTES.length - new TextEncoder().encode(`\n\n${CHAT_STREAM.at(-1)}`).length

/** Asks for a stream whose body comes in these pieces. */
async function pass(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const body = (): ReadableStream<Uint8Array> => ReadableStream.from(pieces.filter(({ length }) => length > 0))
  const fetched = createFetch({ retry: false, fetch: () => Promise.resolve(new Response(body(), EVENT_STREAM)) })
  const init = { method: 'POST', body: chatBody({ stream: true }) }
  const response = await fetched('http://model.test/v1/chat/completions', init)
  return response.bytes()
}

describe('a stream in pieces', () => {
  it('is handed on whole at any two cuts', async () => {
    const cut = fc.nat(BYTES.length)
    await fc.assert(
      fc.asyncProperty(cut, cut, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const passed = await pass([BYTES.slice(0, from), BYTES.slice(from, to), BYTES.slice(to)])
        expect(passed).toEqual(BYTES)
      }),
      { numRuns: 200 },
    )
  })

  it('never ends quietly wherever it is cut before its finish reason', async () => {
    const quiet: number[] = []
    for (let at = 0; at < FINISHED; at++) {
      const error: unknown = await pass([BYTES.slice(0, at)]).catch((thrown: unknown) => thrown)
      if (unwrapError(error)?.code !== 'invalid_response') quiet.push(at)
    }
    expect(quiet).toEqual([])
  })
})
