import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => void vi.unstubAllGlobals())

const throwing = (): never => {
  throw new Error('A Node.js API is used (setImmediate) which is not supported in the Edge Runtime.')
}

it.each([
  ['has no setImmediate', undefined],
  ['has one that throws', throwing],
])('runs once after a turn where the host %s', async (_, setImmediate) => {
  vi.stubGlobal('setImmediate', setImmediate)
  vi.resetModules()
  const { afterReading, afterTurn } = await import('../src/base/turn.ts')
  const run = vi.fn<() => void>()
  afterTurn(run)
  afterReading(1_000, 0, run)
  expect(run).not.toHaveBeenCalled()
  await new Promise((resolve) => setTimeout(resolve, 1))
  expect(run).toHaveBeenCalledTimes(2)
})
