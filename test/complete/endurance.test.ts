import { expect, test, vi } from 'vitest'
import { asked, clientOf, countingSignal, failureOf, responding, scriptedFetch } from '../support/call.ts'
import { ANSWER, answering, chat, failure } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { until } from '../support/receive.ts'
import { testClock, turns } from '../support/test-clock.ts'

test('10,000 calls on one signal leave nothing on it', async () => {
  const clock = testClock()
  const controller = countingSignal()
  const warned = vi.fn()
  process.on('warning', warned)
  const down = responding(failure('down', 'server_error'), 500)
  const good = responding(chat())
  const fetch = scriptedFetch((_init, index) => (index % 7 === 0 ? down() : good()))
  const client = clientOf('http://local', { clock, fetch, signal: controller.signal })
  for (let round = 0; round < 100; round++) {
    fetch.requests.length = 0
    const calls = Array.from({ length: 100 }, () =>
      client.complete(asked, { signal: controller.signal, retry: round % 3 }),
    )
    await Promise.allSettled(calls)
  }
  await turns()
  process.off('warning', warned)
  expect([controller.listeners(), clock.pending]).toEqual([0, 0])
  expect(warned).not.toHaveBeenCalled()
})

test('600 calls as idle sockets close: none fails', async () => {
  // Answers, and closes after a random part of the time that the client needs for its next request.
  await using server = await faultServer((exchange) => {
    answering(exchange)
    setTimeout(() => (exchange.index % 3 === 0 ? exchange.reset() : exchange.end()), (exchange.index * 7) % 5)
  })
  const client = clientOf(server.origin)
  const outcomes: string[] = []
  for (let i = 0; i < 600; i++) {
    const { text } = await client.complete(asked, { retry: 0 })
    outcomes.push(text)
    if (i % 4 !== 0) await new Promise((resolve) => setTimeout(resolve, (i * 3) % 5))
  }
  expect(outcomes).toEqual(Array(600).fill(ANSWER))
  expect(server.connections.length).toBeGreaterThan(100)
})

test('200 calls with a fifth of faults all settle', async () => {
  const faults: ((exchange: FaultExchange) => unknown)[] = [
    (exchange) => exchange.reset(),
    (exchange) => exchange.end(),
    (exchange) => exchange.json(failure('overloaded', 'overloaded'), { status: 503 }),
    (exchange) => exchange.json(failure('slow down', 'rate_limit'), { status: 429, headers: { 'retry-after': '0' } }),
    () => {},
    (exchange) => {
      exchange.head({ contentLength: 1_000 })
      exchange.write('{"choices":')
    },
    (exchange) => exchange.respond('<html>'),
    (exchange) => exchange.write('garbage\r\n\r\n'),
  ]
  await using server = await faultServer((exchange) =>
    exchange.index % 5 === 0
      ? (faults[(exchange.index / 5) % faults.length] as (exchange: FaultExchange) => unknown)(exchange)
      : answering(exchange),
  )
  const controller = countingSignal()
  const client = clientOf(server.origin, {
    timeout: { total: 4_000, attempt: 500 },
    retry: 3,
    signal: controller.signal,
  })
  const settled = await Promise.allSettled(Array.from({ length: 200 }, () => client.complete(asked)))
  const good = settled.filter(({ status }) => status === 'fulfilled').length
  const failures = settled.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as { retryable: boolean }] : [],
  )
  expect(failures.filter(({ retryable }) => !retryable)).toEqual([])
  expect(good).toBeGreaterThan(190)
  expect(server.connections.length).toBeLessThan(500)
  expect(controller.listeners()).toBe(0)
  await client.close()
  await until(() => server.open() === 0)
})

test('calls that fail in every way leave no socket', async () => {
  await using server = await faultServer((exchange) => {
    const scripts = [
      () => {},
      () => exchange.reset(),
      () => exchange.head({ contentLength: 9 }),
      () => exchange.respond('no'),
    ]
    return scripts[exchange.index % scripts.length]?.()
  })
  const client = clientOf(server.origin)
  const failures = await Promise.all(
    Array.from({ length: 40 }, () => failureOf(client.complete(asked, { timeout: 150, retry: 0 }))),
  )
  expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['timeout', 'network', 'invalid_response']))
  await client.close()
  await until(() => server.open() === 0)
})
