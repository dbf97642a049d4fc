import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { faultServer } from '../support/fault-server.ts'

const script = fileURLToPath(new URL('../support/bare-call.ts', import.meta.url))

/** Each runs the sources as they are, so it must strip types. Others may be named in NODE_BINARIES, separated by colons. */
const binaries = [process.execPath, ...(process.env['NODE_BINARIES'] ?? '').split(':').filter(Boolean)]

test.each(binaries)('leaves the globals of %s as they were', async (binary) => {
  await using server = await faultServer((exchange) => exchange.json({}))
  const [untouched, called] = await Promise.all([globals(binary), globals(binary, server.origin)])
  expect(server.requests).toHaveLength(1)
  expect(called.after).toEqual(called.before)
  expect(called.descriptors).toEqual(untouched.descriptors)
})

interface Globals {
  before: string[]
  after: string[]
  descriptors: string[]
}

async function globals(binary: string, ...url: string[]): Promise<Globals> {
  const { stdout } = await promisify(execFile)(binary, ['--no-warnings', script, ...url])
  return JSON.parse(stdout)
}
