import { AsyncResource } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { type CompletionError, createClient, isCompletionError, openai } from '../../src/index.ts'
import { expressMiddleware, fastifyHook, signalFrom, withRequest } from '../../src/server.ts'
import { faultServer } from '../support/fault-server.ts'
import { bareClient, handledServer } from '../support/http-server.ts'
import { until } from '../support/receive.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }] as const
const ANSWER = {
  id: 'a',
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
}

const clientOf = (origin: string) =>
  createClient({ provider: openai({ apiKey: 'k', baseURL: `${origin}/v1` }), model: 'm', retry: 0 })

const web = (signal?: AbortSignal) => new Request('http://localhost/', signal ? { signal } : {})
const failure = (call: Promise<unknown>): Promise<CompletionError> =>
  call.then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => (isCompletionError(error) ? error : Promise.reject(error)),
  )

describe('a call within a request', () => {
  it('ends with its socket when the client leaves', async () => {
    await using model = await faultServer(() => {})
    await using server = await handledServer()
    await using client = clientOf(model.origin)
    const user = bareClient(server.port)
    const { request, response } = await server.next()
    // Nothing is handed down to where the call is made.
    const deep = async () => {
      await Promise.resolve()
      return client.complete({ messages: MESSAGES })
    }
    const failed = failure(withRequest({ request, response }, deep))
    await until(() => model.requests.length === 1)
    user.leave()
    const error = await failed
    expect(error).toMatchObject({ code: 'aborted', stopReason: 'aborted', cause: { code: 'CLIENT_GONE' } })
    await model.requests[0]?.connection.closed
  })

  it('ends by its deadline', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const deadline = new Date(Date.now() + 80)
    const error = await failure(
      withRequest({ request: web(), deadline }, () => client.complete({ messages: MESSAGES })),
    )
    expect(error).toMatchObject({ code: 'timeout', phase: 'total', stopReason: 'deadline' })
  })

  it('is not begun after the deadline', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const deadline = Date.now() - 1
    const error = await failure(
      withRequest({ request: web(), deadline }, () => client.complete({ messages: MESSAGES })),
    )
    expect([error.code, model.requests.length]).toEqual(['timeout', 0])
  })

  it('keeps its own limits beside the ambient ones', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const call = (options: object) =>
      failure(
        withRequest({ request: web(), deadline: Date.now() + 60_000 }, () =>
          client.complete({ messages: MESSAGES }, options),
        ),
      )
    expect(await call({ timeout: 50 })).toMatchObject({ code: 'timeout', phase: 'total' })
    expect(await call({ deadline: Date.now() + 50 })).toMatchObject({ code: 'timeout', phase: 'total' })
    expect(await call({ signal: AbortSignal.abort() })).toMatchObject({ code: 'aborted' })
  })

  it('leaves the request where it is detached', async () => {
    await using model = await faultServer((exchange) => exchange.json(ANSWER))
    await using client = clientOf(model.origin)
    const scope = { request: web(AbortSignal.abort()), deadline: Date.now() - 1 }
    const { text } = await withRequest(scope, () => client.complete({ messages: MESSAGES }, { detached: true }))
    expect(text).toBe('hello')
    expect(await failure(withRequest(scope, () => client.complete({ messages: MESSAGES })))).toMatchObject({
      code: 'aborted',
    })
  })

  it.each<[string, string, (request: IncomingMessage, done: () => void) => unknown]>([
    [
      'inside behind an await',
      'total',
      async (request, done) => {
        await request.toArray()
        done()
      },
    ],
    ['outside in a listener of what arrives later', 'hello', (request, done) => request.resume().once('end', done)],
    ['inside in one that is bound', 'total', (request, done) => request.resume().once('end', AsyncResource.bind(done))],
  ])('is %s', async (_, expected, read) => {
    await using model = await faultServer((exchange) => exchange.json(ANSWER))
    await using server = await handledServer()
    await using client = clientOf(model.origin)
    const user = connect(server.port, '127.0.0.1')
    user.write('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\n')
    const { request, response } = await server.next()
    const asked = new Promise((resolve) => {
      const ask = (): void =>
        void client.complete({ messages: MESSAGES }).then(
          ({ text }) => resolve(text),
          ({ phase }: CompletionError) => resolve(phase),
        )
      withRequest({ request, response, deadline: Date.now() - 1 }, () => read(request, ask))
    })
    user.end('{}')
    expect(await asked).toBe(expected)
  })

  it('leaves no listener on the signal of the request', async () => {
    await using model = await faultServer((exchange) => exchange.json(ANSWER))
    await using client = clientOf(model.origin)
    const request = web()
    const signal = signalFrom(request)
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    await withRequest({ request }, () => client.complete({ messages: MESSAGES }))
    expect(add).toHaveBeenCalledOnce()
    expect(remove.mock.calls).toEqual(add.mock.calls)
  })
})

describe('a stream made within a request', () => {
  it('belongs to it, whoever pulls it first', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const leaving = new AbortController()
    const stream = withRequest({ request: web(leaving.signal) }, () => client.stream({ messages: MESSAGES }))
    const pulled = failure(stream[Symbol.asyncIterator]().next())
    await until(() => model.requests.length === 1)
    leaving.abort()
    expect(await pulled).toMatchObject({ code: 'aborted', cause: { code: 'CLIENT_GONE' } })
    await model.requests[0]?.connection.closed
  })

  it('ends by the deadline of it', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const scope = { request: web(), deadline: Date.now() + 60 }
    const stream = withRequest(scope, () => client.stream({ messages: MESSAGES }))
    expect(await failure(stream[Symbol.asyncIterator]().next())).toMatchObject({ code: 'timeout', phase: 'total' })
  })
})

describe('requests side by side', () => {
  it('do not hear of each other', async () => {
    await using model = await faultServer(async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, 60))
      exchange.json(ANSWER)
    })
    await using client = clientOf(model.origin)
    const leaving = new AbortController()
    const [left, kept, outside] = [
      failure(withRequest({ request: web(leaving.signal) }, () => client.complete({ messages: MESSAGES }))),
      withRequest({ request: web() }, () => client.complete({ messages: MESSAGES })),
      client.complete({ messages: MESSAGES }),
    ]
    leaving.abort()
    expect((await left).code).toBe('aborted')
    expect([(await kept).text, (await outside).text]).toEqual(['hello', 'hello'])
  })

  it('within each other obey both', async () => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const outer = new AbortController()
    const nested = (deadline: number) =>
      withRequest({ request: web(outer.signal), deadline: Date.now() + 60_000 }, () =>
        withRequest({ request: web(), deadline }, () => failure(client.complete({ messages: MESSAGES }))),
      )
    expect(await nested(Date.now() + 50)).toMatchObject({ code: 'timeout' })
    const failed = nested(Date.now() + 90_000)
    outer.abort()
    expect(await failed).toMatchObject({ code: 'aborted' })
  })
})

describe('middleware', () => {
  it.each([
    ['Express', expressMiddleware<Request>({ deadline: () => Date.now() - 1 })],
    ['Fastify', fastifyHook<Request>({ deadline: () => Date.now() - 1 })],
  ])('of %s hands its deadline to what comes next', async (_, middleware) => {
    await using model = await faultServer(() => {})
    await using client = clientOf(model.origin)
    const error = await new Promise((resolve, reject) => {
      middleware(web(), {}, () => {
        failure(client.complete({ messages: MESSAGES })).then(resolve, reject)
      })
    })
    expect(error).toMatchObject({ code: 'timeout', phase: 'total' })
  })
})

describe('what is wrong', () => {
  it('is a TypeError', async () => {
    expect(() => withRequest({ request: web(), deadline: new Date(Number.NaN) }, () => 1)).toThrow(/^deadline must be/)
    expect(() => withRequest({ request: {} }, () => 1)).toThrow(TypeError)
    expect(() => withRequest({ request: web(), deadlin: 1 } as never, () => 1)).toThrow('did you mean deadline?')
    expect(() => expressMiddleware({ deadlne: 1 } as never)).toThrow('did you mean deadline?')
    expect(() => fastifyHook({ deadline: 5 } as never)).toThrow(/^fastifyHook.deadline must be a function/)
    await using client = createClient()
    await expect(client.complete({ messages: MESSAGES }, { detached: 1 as never })).rejects.toThrow(
      'options.detached must be true or false, got 1',
    )
  })

  it('is named where the runtime keeps no contexts', async () => {
    const code = `
      delete globalThis.AsyncLocalStorage
      process.getBuiltinModule = undefined
      const { withRequest } = await import('punctual/server')
      try { withRequest({ request: new Request('http://localhost/') }, () => 1) } catch (error) { console.log(error.message) }`
    const args = ['--import', './test/support/from-source.ts', '--input-type=module', '--eval', code]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toContain('withRequest needs AsyncLocalStorage')
  })
})
