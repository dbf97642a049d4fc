import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedStranger, type Stranger } from '../support/tarball.ts'

let stranger: Stranger
beforeAll(() => {
  stranger = packedStranger()
})
afterAll(() => stranger.remove())

/** A call whose ambient deadline is past: it fails with `timeout` and no request where the two entries share their context. */
const CALL = `
  const { createClient, openai } = core
  const client = createClient({ provider: openai({ apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' }), model: 'm', retry: false })
  const call = () => client.complete({ messages: [{ role: 'user', content: 'hi' }] })
  server
    .withRequest({ request: new Request('http://localhost/'), deadline: Date.now() - 1 }, call)
    .catch((error) => console.log(error.code, error.phase, error.sent))`

const IMPORTED = `import * as core from 'punctual'\nimport * as server from 'punctual/server'`
const REQUIRED = `const core = require('punctual')\nconst server = require('punctual/server')`
const MIXED = `
  import { createRequire } from 'node:module'
  import * as server from 'punctual/server'
  const core = createRequire(import.meta.url)('punctual')`
const OTHER_WAY_ROUND = `
  import { createRequire } from 'node:module'
  import * as core from 'punctual'
  const server = createRequire(import.meta.url)('punctual/server')`
const BUILT_AS_CJS = `
  const core = require('./node_modules/punctual/dist/index.cjs')
  const server = require('./node_modules/punctual/dist/server.cjs')`

describe('the context of a request', () => {
  it.each([
    ['imported', 'imported.mjs', IMPORTED],
    ['required', 'required.cjs', REQUIRED],
    ['one imported and one required', 'mixed.mjs', MIXED],
    ['one required and one imported', 'other.mjs', OTHER_WAY_ROUND],
    ['of the CommonJS build, as in Jest', 'jest.cjs', BUILT_AS_CJS],
  ])('is shared by entries %s', (_, name, load) => {
    expect(stranger.run(name, load + CALL)).toBe('timeout total false\n')
  })

  it.each(['workerd', 'edge-light', 'bun', 'browser'])('is shared under the condition %s', (condition) => {
    for (const [name, load] of [
      ['imported.mjs', IMPORTED],
      ['required.cjs', REQUIRED],
    ] as const) {
      expect(stranger.run(name, load + CALL, [`--conditions=${condition}`])).toBe('timeout total false\n')
    }
  })
})
