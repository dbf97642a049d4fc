import { PassThrough, type Writable } from 'node:stream'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createClient, openai, setDefaultClient } from '../../src/index.ts'
import type { FaultServer } from '../support/fault-server.ts'
import { describeInstalled, startModel } from './endpoint.ts'

let model: FaultServer
beforeAll(async () => {
  model = await startModel()
})
afterAll(() => model.close())

const context = (remaining: number) => ({ getRemainingTimeInMillis: () => remaining })

describeInstalled('the example for AWS Lambda', () => {
  const event = (prompt: string, timeEpoch = Date.now()) => ({
    body: JSON.stringify({ prompt }),
    requestContext: { timeEpoch },
  })

  it('answers', async () => {
    const { handler } = await import('../../examples/servers/aws-lambda.ts')
    const { statusCode, body } = await handler(event('hi'), context(60_000))
    expect([statusCode, JSON.parse(body)]).toEqual([200, { text: 'hello' }])
  })

  it('answers before the function is stopped', async () => {
    const { handler } = await import('../../examples/servers/aws-lambda.ts')
    const { statusCode, body } = await handler(event('wait'), context(1_100))
    expect([statusCode, JSON.parse(body)]).toMatchObject([504, { code: 'timeout' }])
  })

  it('answers before the gateway gives up', async () => {
    const { handler } = await import('../../examples/servers/aws-lambda.ts')
    // The gateway took the request 28.9 s ago: its 30 s are nearly over, the function has a minute.
    const { statusCode } = await handler(event('wait', Date.now() - 28_900), context(60_000))
    expect(statusCode).toBe(504)
  })

  it.each(['{"prompt": "hi', '{}', undefined])('says that %o is a bad request', async (body) => {
    const { handler } = await import('../../examples/servers/aws-lambda.ts')
    const answered = await handler({ body, requestContext: { timeEpoch: Date.now() } }, context(60_000))
    expect([answered.statusCode, JSON.parse(answered.body)]).toMatchObject([400, { code: 'bad_request' }])
  })

  it('passes a rate limit on as a problem', async () => {
    const { handler } = await import('../../examples/servers/aws-lambda.ts')
    const { statusCode, headers } = await handler(event('limit'), context(60_000))
    expect([statusCode, headers['retry-after'], headers['content-type']]).toEqual([
      429,
      '600',
      'application/problem+json',
    ])
  })
})

type Streaming = (event: { body: string | undefined }, stream: Writable, context: object) => Promise<void>

describeInstalled('the example for AWS Lambda with response streaming', () => {
  let handler: Streaming
  let head: { statusCode: number; headers: Record<string, string> } | undefined
  beforeAll(async () => {
    // Lambda's own runtime defines this; here a stand-in of the same shape.
    vi.stubGlobal('awslambda', {
      streamifyResponse: (made: Streaming) => made,
      HttpResponseStream: {
        from(stream: Writable, given: typeof head) {
          head = given
          return stream
        },
      },
    })
    handler = (await import('../../examples/servers/aws-lambda-streaming.ts')).handler as Streaming
  })
  afterAll(() => void vi.unstubAllGlobals())

  const invokeWith = async (body: string | undefined, remaining: number): Promise<string> => {
    const stream = new PassThrough()
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await handler({ body }, stream, context(remaining))
    return text
  }
  const invoke = (prompt: string, remaining: number): Promise<string> =>
    invokeWith(JSON.stringify({ prompt }), remaining)

  it('streams', async () => {
    expect(await invoke('hi', 60_000)).toMatch(/"text":"hel".*"type":"finish"/s)
    expect(head).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  })

  it('passes a rate limit on as a problem', async () => {
    expect(JSON.parse(await invoke('limit', 60_000))).toMatchObject({ code: 'rate_limit' })
    expect(head).toMatchObject({ statusCode: 429, headers: { 'retry-after': '600' } })
  })

  it.each(['{"prompt": "hi', '{}', undefined])('says that %o is a bad request', async (body) => {
    expect(JSON.parse(await invokeWith(body, 60_000))).toMatchObject({ code: 'bad_request' })
    expect(head).toMatchObject({ statusCode: 400, headers: { 'content-type': 'application/problem+json' } })
  })

  it('ends before the function is stopped', async () => {
    const text = await invoke('half', 1_150)
    expect(text).toMatch(/"text":"hel".*"type":"error".*"code":"timeout"/s)
  })

  it('leaves no connection behind', async () => {
    const client = createClient({ provider: openai })
    const before = setDefaultClient(client)
    await invoke('half', 1_150)
    const closed = await model.requests.at(-1)?.connection.closed
    expect(closed).toBeGreaterThan(0)
    setDefaultClient(before)
    await client.close()
  })
})
