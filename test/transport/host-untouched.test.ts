import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { faultServer } from '../support/fault-server.ts'
import { proxyServer } from '../support/proxy-server.ts'

const script = fileURLToPath(new URL('../support/bare-call.ts', import.meta.url))

/** Each runs the sources as they are, so it must strip types. Others may be named in NODE_BINARIES, separated by colons. */
const binaries = [process.execPath, ...(process.env['NODE_BINARIES'] ?? '').split(':').filter(Boolean)]

test.each(binaries)('leaves the globals of %s as they were', async (binary) => {
  await using server = await faultServer((exchange) => exchange.json({}))
  const [untouched, called] = await Promise.all([globals(binary, {}), globals(binary, {}, server.origin)])
  expect(server.requests).toHaveLength(1)
  expect(called.after).toEqual(called.before)
  expect(called.descriptors).toEqual(untouched.descriptors)
})

test.each(binaries)('goes through the dispatcher that %s sets itself', async (binary) => {
  await using proxy = await proxyServer()
  await using server = await faultServer((exchange) => exchange.json({}))
  await globals(binary, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.origin, NO_PROXY: '' }, server.origin)
  expect(proxy.seen).toHaveLength(1)
  expect(server.requests).toHaveLength(1)
})

interface Globals {
  before: string[]
  after: string[]
  descriptors: string[]
}

async function globals(binary: string, environment: NodeJS.ProcessEnv, ...url: string[]): Promise<Globals> {
  const env = { ...process.env, ...environment }
  const { stdout } = await promisify(execFile)(binary, ['--no-warnings', script, ...url], { env })
  return JSON.parse(stdout)
}
