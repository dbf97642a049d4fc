import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedStranger, type Stranger } from '../support/tarball.ts'
import { compileCases } from './bundlers.ts'
import { CASES } from './cases.ts'
import { HAS_RUNTIMES } from './device.ts'
import { DEVICES } from './devices.ts'
import type { Results } from './run-cases.ts'
import { isAbsent, runOn } from './run-on.ts'
import { type ContractServer, startContractServer } from './server.ts'

let server: ContractServer
let stranger: Stranger
beforeAll(async () => {
  if (!HAS_RUNTIMES) return
  server = await startContractServer()
  stranger = packedStranger()
  await compileCases(stranger.folder)
})
afterAll(async () => {
  stranger?.remove()
  await server?.close()
})

describe.skipIf(!HAS_RUNTIMES).each(DEVICES.map((device) => [device.name, device] as const))('%s', (_name, device) => {
  const absent = isAbsent(device)
  let results: Results = []
  beforeAll(async () => {
    if (absent) return
    const { origin, refused } = server
    results = (await runOn(device, stranger.folder, {
      imported: `
        import * as library from 'punctual'
        import * as fetching from 'punctual/fetch'
        import * as server from 'punctual/server'
        import { runCases } from '../run-cases.mjs'`,
      required: (specifier) => `
        const library = require('${specifier('punctual')}')
        const fetching = require('${specifier('punctual/fetch')}')
        const server = require('${specifier('punctual/server')}')
        const { runCases } = require('../run-cases.cjs')`,
      results: `runCases({ library, fetch: fetching, server }, '${origin}', '${refused}')`,
    })) as Results
  })

  it.skipIf(absent).each(CASES.map((each) => each.name))('%s', (title) => {
    expect(results.find(([found]) => found === title)?.[1]).toBe(null)
  })
})
