import { afterAll, beforeAll, expect, test } from 'vitest'
import { binaries } from '../support/binaries.ts'
import { chat } from '../support/chat.ts'
import { packedStranger, type Stranger } from '../support/tarball.ts'

let stranger: Stranger
beforeAll(() => {
  stranger = packedStranger()
})
afterAll(() => stranger.remove())

/** One real call of the installed package; the server's own module is loaded before the globals are looked at. */
const code = (load: string, http: string): string => `
  ${http}
  void (async () => {
    const server = createServer((_request, response) => response.end(${JSON.stringify(JSON.stringify(chat()))}))
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const before = Reflect.ownKeys(globalThis).map(String).join()
    const { complete, openaiCompatible } = ${load}
    const baseURL = 'http://127.0.0.1:' + server.address().port
    const model = openaiCompatible({ name: 'local', baseURL, apiKey: 'key' })('m')
    const { text } = await complete({ model, messages: [{ role: 'user', content: 'Hello' }] })
    server.close()
    console.log(text, before === Reflect.ownKeys(globalThis).map(String).join())
  })()`

const FORMATS = [
  ['import', 'called.mjs', `await import('punctual')`, `import { createServer } from 'node:http'`],
  ['require', 'called.cjs', `require('punctual')`, `const { createServer } = require('node:http')`],
  [
    'the CommonJS build',
    'built.cjs',
    `require('./node_modules/punctual/dist/index.cjs')`,
    `const { createServer } = require('node:http')`,
  ],
] as const

test.each(binaries.flatMap((binary) => FORMATS.map((format) => [...format, binary] as const)))(
  'a call changes no global by %s, in %s',
  (_format, name, load, http, binary) => {
    expect(stranger.run(name, code(load, http), [], binary)).toBe('Paris is the capital of France. true\n')
  },
)
