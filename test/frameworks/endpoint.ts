import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FaultExchange, type FaultServer, faultServer } from '../support/fault-server.ts'
import { bareClient } from '../support/http-server.ts'
import { until } from '../support/receive.ts'

/** An example that serves. */
export interface Serving {
  readonly port: number
  /** What comes before /chat. @defaultValue '' */
  readonly under?: string
  close(): unknown
}

const INSTALLED = existsSync(new URL('node_modules', import.meta.url))
if (!INSTALLED) console.log('skipped: the frameworks are not installed (npm ci --prefix test/frameworks)')

/** `describe`, where the frameworks are installed. */
export const describeInstalled: typeof describe.skip = INSTALLED ? describe : describe.skip

const TOO_MANY = JSON.stringify({
  error: { message: 'slow down, org-secret', type: 'requests', code: 'rate_limit_exceeded' },
})
const ABOUT = { id: 'chatcmpl-1', created: 1, model: 'gpt-5-mini' }

/** A model that does what its prompt says. */
async function answer(exchange: FaultExchange): Promise<void> {
  const { body } = exchange.request
  if (body.includes('limit')) {
    return exchange.respond(TOO_MANY, { status: 429, headers: { 'retry-after': '600' } })
  }
  if (body.includes('wait')) return undefined
  if (!body.includes('"stream":true')) {
    const message = { role: 'assistant', content: 'hello' }
    return exchange.json({ ...ABOUT, choices: [{ index: 0, message, finish_reason: 'stop' }] })
  }
  exchange.head({ headers: { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' } })
  const send = (delta: object, reason: string | null = null): void =>
    exchange.chunk(`data: ${JSON.stringify({ ...ABOUT, choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`)
  send({ role: 'assistant', content: 'hel' })
  if (body.includes('half')) return undefined
  send({ content: 'lo' })
  send({}, 'stop')
  exchange.chunk('data: [DONE]\n\n')
  exchange.chunk('')
}

/** Points the examples, which ask the environment, at the model; whoever is done restores it. */
export async function startModel(): Promise<FaultServer> {
  const model = await faultServer(answer)
  process.env['OPENAI_API_KEY'] = 'test-key'
  process.env['OPENAI_BASE_URL'] = `${model.origin}/v1`
  return model
}

export interface EndpointOptions {
  /** How the client closes its connection when it leaves. @defaultValue 'close' */
  readonly leaves?: 'close' | 'reset'
  /** Skips it, for something that it needs is not here. @defaultValue whether the frameworks are not */
  readonly absent?: boolean
}

/** What every example of an endpoint does: POST /chat answers { text }, POST /chat/stream streams events. */
export function describeEndpoint(name: string, serve: () => Promise<Serving>, options: EndpointOptions = {}): void {
  const { leaves = 'close', absent = !INSTALLED } = options
  describe.skipIf(absent)(`the example for ${name}`, () => {
    let model: FaultServer
    let serving: Serving
    beforeAll(async () => {
      model = await startModel()
      serving = await serve()
    }, 60_000)
    afterAll(async () => {
      await serving?.close()
      await model.close()
    })
    const send = (path: string, body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${serving.port}${serving.under ?? ''}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
    const post = (path: string, prompt: string): Promise<Response> => send(path, JSON.stringify({ prompt }))
    const leaving = (path: string, prompt: string) =>
      bareClient(serving.port, `${serving.under ?? ''}${path}`, JSON.stringify({ prompt }))

    it('answers', async () => {
      const response = await post('/chat', 'hi')
      expect([response.status, await response.json()]).toEqual([200, { text: 'hello' }])
    })

    it('streams', async () => {
      const response = await post('/chat/stream', 'hi')
      const text = await response.text()
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/event-stream/),
      ])
      expect(text).toMatch(/"text":"hel".*"text":"lo".*"type":"finish"/s)
    })

    it.each(['/chat', '/chat/stream'])('passes a rate limit on as a problem from %s', async (path) => {
      const response = await post(path, 'limit')
      const text = await response.text()
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '600'])
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(JSON.parse(text)).toMatchObject({ status: 429, code: 'rate_limit' })
      expect(text).not.toContain('secret')
    })

    it.each(['{"prompt": "hi', '{}', ''])('says that %o is a bad request', async (body) => {
      const before = model.requests.length
      for (const path of ['/chat', '/chat/stream']) {
        const response = await send(path, body)
        expect(response.status).toBe(400)
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
        expect(await response.json()).toMatchObject({ status: 400, code: 'bad_request' })
      }
      expect(model.requests.length).toBe(before)
    })

    it('gives events to the client as they come', async () => {
      const client = leaving('/chat/stream', 'half')
      await client.sees(/"text":"hel"/)
      expect(client.text()).not.toContain('"type":"finish"')
      client.leave()
    })

    it.each([
      ['/chat', 'wait'],
      ['/chat/stream', 'wait'],
      ['/chat/stream', 'half'],
    ])('closes the connection to the model when its user leaves %s (%s)', async (path, prompt) => {
      const before = model.requests.length
      const client = leaving(path, prompt)
      await until(() => model.requests.length > before)
      if (prompt === 'half') await client.sees(/"text":"hel"/)
      const connection = model.requests.at(-1)?.connection
      expect(connection?.closedAt).toBeUndefined()
      client.leave(leaves)
      await connection?.closed
    })
  })
}
