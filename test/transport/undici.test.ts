import { expect, test } from 'vitest'
import { openUndiciTransport } from '../../src/transport/undici.ts'
import { faultServer } from '../support/fault-server.ts'
import { post, receive, until } from '../support/receive.ts'

const transport = openUndiciTransport()

test('reuses a connection and says so', async () => {
  await using server = await faultServer((exchange) => exchange.json({ n: exchange.index }))
  const first = await receive(transport, post(server.url())).done
  await new Promise((resolve) => setImmediate(resolve))
  const second = await receive(transport, post(server.url())).done
  expect([first.reused, second.reused]).toEqual([false, true])
  expect(second.order).toEqual(['sent', 'headers', 'data', 'end'])
  expect(JSON.parse(second.text)).toEqual({ n: 1 })
  expect(server.connections).toHaveLength(1)
  expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/', body: '{"question":1}' })
})

test('opens a connection nobody has used when asked', async () => {
  await using server = await faultServer((exchange) => exchange.json({}))
  await receive(transport, post(server.url())).done
  const fresh = await receive(transport, post(server.url()), { fresh: true }).done
  expect(fresh.reused).toBe(false)
  expect(fresh.order).toEqual(['sent', 'headers', 'data', 'end'])
  expect(server.connections).toHaveLength(2)
  await until(() => server.connections[1]?.closedAt !== undefined)
})
