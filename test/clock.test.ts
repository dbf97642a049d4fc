import { mock } from 'node:test'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../src/vocabulary/clock.ts'
import { asked, clientOf, failureOf } from './support/call.ts'

test('fake timers that leave performance as it is drive a call', async () => {
  const client = clientOf('http://local', { fetch: () => new Promise(() => {}) })
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  onTestFinished(() => mock.timers.reset())
  const failure = failureOf(client.complete(asked, { timeout: 5_000 }))
  mock.timers.tick(5_000)
  expect(await failure).toMatchObject({ code: 'timeout', phase: 'total' })
})

test('the time goes on from where it was while the calendar is fake', () => {
  const before = systemClock.now()
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  onTestFinished(() => mock.timers.reset())
  const begun = systemClock.now()
  expect(begun).toBeGreaterThanOrEqual(before)
  mock.timers.tick(60_000)
  expect(systemClock.now() - begun).toBe(60_000)
})
