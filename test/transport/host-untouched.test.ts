import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { binaries } from '../support/binaries.ts'
import { answering } from '../support/chat.ts'
import { faultServer } from '../support/fault-server.ts'
import { proxyServer } from '../support/proxy-server.ts'

/** Run from the sources as they are: each Node strips the types itself. */
const script = fileURLToPath(new URL('../support/bare-call.ts', import.meta.url))
const run = promisify(execFile)

test.each(binaries)('leaves the globals of %s as they were', async (binary) => {
  await using server = await faultServer(answering)
  const [untouched, called] = await Promise.all([globals(binary, {}), globals(binary, {}, server.origin)])
  expect(server.requests).toHaveLength(1)
  expect(called.after).toEqual(called.before)
  expect(called.descriptors).toEqual(untouched.descriptors)
})

test.for(binaries)('goes through the dispatcher that %s sets itself', async (binary, { skip }) => {
  skip(!(await readsProxyItself(binary)), `${binary} does not know NODE_USE_ENV_PROXY`)
  await using proxy = await proxyServer()
  await using server = await faultServer(answering)
  await globals(binary, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.origin, NO_PROXY: '' }, server.origin)
  expect(proxy.seen).toHaveLength(1)
  expect(server.requests).toHaveLength(1)
})

/** NODE_USE_ENV_PROXY came together with this flag. */
async function readsProxyItself(binary: string): Promise<boolean> {
  const { stdout } = await run(binary, ['-p', "process.allowedNodeEnvironmentFlags.has('--use-env-proxy')"])
  return stdout.trim() === 'true'
}

interface Globals {
  before: string[]
  after: string[]
  descriptors: string[]
}

async function globals(binary: string, environment: NodeJS.ProcessEnv, ...url: string[]): Promise<Globals> {
  const env = { ...process.env, ...environment }
  const { stdout } = await run(binary, ['--no-warnings', script, ...url], { env })
  return JSON.parse(stdout)
}
