import { AsyncLocalStorage } from 'node:async_hooks'
import type { OutputSpec } from 'punctual'
import { expect, onTestFinished, test } from 'vitest'
import { asked, clientOf } from '../support/call.ts'
import { chat, steps } from '../support/chat.ts'
import * as wire from '../support/chat-stream.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { EVENT_STREAM } from '../support/fetched-stream.ts'

const storage = new AsyncLocalStorage<string>()

/** A schema that notes where it is asked. */
const noting = (seen: Set<unknown>): OutputSpec => ({
  schema: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate(value: unknown) {
        seen.add(storage.getStore())
        return { value }
      },
    },
  },
  jsonSchema: { type: 'object' },
})

test.each([
  ['json', (exchange: FaultExchange) => exchange.json(chat('{}'))],
  [
    'stream',
    (exchange: FaultExchange) =>
      exchange.respond([wire.word('{}'), wire.PING, wire.finish(), wire.DONE].join(''), EVENT_STREAM),
  ],
] as const)('a call over a kept connection runs in its own context: %s', async (kind, answer) => {
  const server = await faultServer(
    steps((exchange) => exchange.json({ error: { message: 'Down' } }, { status: 500 }), answer, answer),
  )
  onTestFinished(() => server.close())
  const client = clientOf(server.origin, { wire: kind, retry: { baseDelay: 0 } })
  for (const context of ['one', 'two']) {
    const seen = new Set<unknown>()
    await storage.run(context, () =>
      client.complete({ ...asked, output: noting(seen) }, { onEvent: () => seen.add(storage.getStore()) }),
    )
    expect([...seen]).toEqual([context])
  }
  expect(server.connections.length).toBeLessThan(server.requests.length)
})
