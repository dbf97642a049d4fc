import { execFileSync } from 'node:child_process'
import { Agent, interceptors, MockAgent, ProxyAgent } from 'undici'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hostDispatcher } from '../../src/transport/dispatcher.ts'
import { openNodeTransports } from '../../src/transport/node.ts'
import { faultServer } from '../support/fault-server.ts'
import { proxyServer } from '../support/proxy-server.ts'
import { post, receive, until } from '../support/receive.ts'

const CURRENT = Symbol.for('undici.globalDispatcher.2')
const FORMER = Symbol.for('undici.globalDispatcher.1')
const globals = globalThis as unknown as Record<symbol, unknown>
const NODES_OWN = `
  const { hostDispatcher } = await import(${JSON.stringify(new URL('../../src/transport/dispatcher.ts', import.meta.url))})
  await fetch('http://127.0.0.1:1').catch(() => {})
  const [current, former] = [2, 1].map((key) => globalThis[Symbol.for('undici.globalDispatcher.' + key)])
  console.log((current ?? former).constructor.name, hostDispatcher())`
const transports = openNodeTransports()
const url = new URL('https://model.example/v1')

describe("a caller's dispatcher", () => {
  test('carries the exchange and stays open', async () => {
    await using server = await faultServer((exchange) => exchange.json({}))
    const dispatcher = new Agent()
    const own = openNodeTransports()
    const transport = own.pick({ proxy: 'env', dispatcher })
    expect(own.pick({ proxy: 'env', dispatcher })).toBe(transport)
    const received = await receive(transport, post(server.url())).done
    expect(received).toMatchObject({ order: ['sent', 'headers', 'data', 'end'], reused: false })
    own.close()
    expect(dispatcher.destroyed).toBe(false)
    await dispatcher.destroy()
  })

  test('may throw when it is told to abort', async () => {
    const controller = {
      pause: () => {},
      resume: () => {},
      abort: () => {
        throw new Error('no')
      },
    }
    const dispatch = (_: unknown, handler: { onRequestStart(given: unknown, context: object): void }): boolean => {
      handler.onRequestStart(controller, {})
      return true
    }
    const transport = transports.pick({ proxy: 'env', dispatcher: { dispatch } })
    const received = receive(transport, post(url))
    await received.on('sent')
    expect(() => received.exchange.cancel('enough')).not.toThrow()
  })

  test('may answer before its dispatch returns', async () => {
    const mock = mockAgent()
    const received = await receive(transports.pick({ proxy: 'env', dispatcher: mock }), post(url)).done
    expect(received).toMatchObject({ order: ['sent', 'headers', 'data', 'end'], text: '{"mocked":true}' })
  })

  test.each([
    ['follows redirects', interceptors.redirect({ maxRedirections: 3 }), 307],
    ['tries again', interceptors.retry({ maxRetries: 0 }), 503],
    ['throws for a status', interceptors.responseError(), 401],
  ])('that %s gives the response all the same', async (_, interceptor, status) => {
    await using elsewhere = await faultServer((exchange) => exchange.json({}))
    await using server = await faultServer((exchange) =>
      exchange.json({ error: { message: 'no' } }, { status, headers: { location: elsewhere.origin, 'x-mark': 'a' } }),
    )
    const dispatcher = new Agent().compose(interceptor)
    const received = await receive(transports.pick({ dispatcher }), post(server.url())).done
    expect(received).toMatchObject({ status, headers: { 'x-mark': 'a' } })
    expect(received.order.at(-1)).toBe('end')
    expect(elsewhere.requests).toHaveLength(0)
    await dispatcher.destroy()
  })

  test('whose dispatch rejects is an error', async () => {
    const dispatcher = { dispatch: () => Promise.reject(new Error('no signature')) as never }
    const received = await receive(transports.pick({ dispatcher }), post(url)).done
    expect(received).toMatchObject({ order: ['error'], error: { message: 'no signature' } })
  })

  test('that does not know our handler is an error', async () => {
    const received = await receive(transports.pick({ proxy: 'env', dispatcher: oldDispatcher() }), post(url)).done
    expect(received).toMatchObject({ order: ['error'], error: { code: 'UND_ERR_INVALID_ARG' } })
  })

  test('has an exchange cancelled in its queue aborted at its turn', async () => {
    await using server = await faultServer((exchange) => {
      if (exchange.index === 0) setTimeout(() => exchange.json({}), 20)
    })
    const dispatcher = new Agent({ connections: 1 })
    const transport = transports.pick({ proxy: 'env', dispatcher })
    const first = receive(transport, post(server.url()))
    const queued = receive(transport, post(server.url()))
    await until(() => server.requests.length === 1)
    queued.exchange.cancel('enough')
    expect((await first.done).order.at(-1)).toBe('end')
    await until(() => server.open() === 0)
    expect(queued.order).toEqual([])
    expect(server.requests).toHaveLength(1)
    await dispatcher.destroy()
  })
})

describe("the host's dispatcher", () => {
  let saved: unknown[]
  beforeEach(() => {
    saved = [globals[CURRENT], globals[FORMER]]
  })
  afterEach(() => {
    globals[CURRENT] = saved[0]
    globals[FORMER] = saved[1]
    vi.unstubAllEnvs()
  })

  test.each<[string, () => object]>([
    ['a plain agent', () => new Agent()],
    ['nothing', () => undefined as unknown as object],
  ])('is not used where it is %s', (_what, open) => {
    globals[CURRENT] = globals[FORMER] = open()
    expect(hostDispatcher()).toBeUndefined()
  })

  test.each<[string, symbol]>([
    ['undici 8', CURRENT],
    ['its predecessors', FORMER],
  ])('is used where it was set through %s', async (_what, key) => {
    globals[CURRENT] = globals[FORMER] = new Agent()
    globals[key] = mockAgent()
    const received = await receive(transports.pick({}), post(url)).done
    expect(received).toMatchObject({ status: 200, text: '{"mocked":true}' })
  })

  test('is used where it is a proxy', async () => {
    await using proxy = await proxyServer()
    await using server = await faultServer((exchange) => exchange.json({}))
    const agent = new ProxyAgent(proxy.origin)
    globals[CURRENT] = agent
    const received = await receive(transports.pick({}), post(server.url('/v1'))).done
    expect(received).toMatchObject({ status: 200, order: ['sent', 'headers', 'data', 'end'] })
    expect(proxy.seen).toEqual([`POST ${server.origin}/v1`])
    await agent.destroy()
  })

  test('is used where it is an agent with interceptors', () => {
    const composed = new Agent().compose((dispatch) => dispatch)
    globals[CURRENT] = composed
    expect(hostDispatcher()).toBe(composed)
  })

  test('is used where it is an agent with options', () => {
    const configured = new Agent({ connect: { ca: 'x' } })
    globals[CURRENT] = configured
    expect(hostDispatcher()).toBe(configured)
  })

  test("is not used where it is Node's own agent", async () => {
    const names = execFileSync(process.execPath, ['--no-warnings', '--input-type=module-typescript', '-e', NODES_OWN])
    expect(names.toString().trim()).toBe('Agent undefined')
  })

  test('comes after what the call itself asks for', async () => {
    await using server = await faultServer((exchange) => exchange.json({ real: true }))
    globals[CURRENT] = mockAgent()
    const direct = await receive(transports.pick({ proxy: false }), post(server.url())).done
    expect(direct.text).toBe('{"real":true}')
    vi.stubEnv('HTTP_PROXY', '')
    const environment = await receive(transports.pick({ proxy: 'env' }), post(server.url())).done
    expect(environment.text).toBe('{"real":true}')
    const fetch = vi.fn(async () => new Response('{"fetched":true}'))
    expect((await receive(transports.pick({ fetch }), post(url)).done).text).toBe('{"fetched":true}')
  })
})

function mockAgent(): MockAgent {
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock.get(url.origin).intercept({ path: '/v1', method: 'POST' }).reply(200, { mocked: true })
  return mock
}

/** As undici 6 refuses a handler of the newer kind. */
function oldDispatcher(): { dispatch(options: object, handler: object): boolean } {
  return {
    dispatch(_options, handler) {
      if (!('onConnect' in handler)) {
        throw Object.assign(new Error('invalid onConnect method'), { code: 'UND_ERR_INVALID_ARG' })
      }
      return true
    },
  }
}
