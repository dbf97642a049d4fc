import { existsSync } from 'node:fs'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { KEY } from './adapter.ts'

const missing = !existsSync(new URL('node_modules/openai', import.meta.url))
const fetch = createFetch({ timeout: 5_000, retry: { maxRetries: 2, baseDelay: 1, maxDelay: 1 } })

const open = async (origin: string) => {
  const { default: OpenAI, toFile } = await import('openai')
  return { client: new OpenAI({ apiKey: KEY, baseURL: `${origin}/v1`, fetch, maxRetries: 0 }), toFile }
}

/** Refuses the first request, and answers the second. */
const second =
  (value: object) =>
  (exchange: FaultExchange): void =>
    exchange.index === 0 ? exchange.respond('{}', { status: 503 }) : exchange.json(value)

describe.skipIf(missing)('endpoints without a completion, through OpenAI’s SDK', () => {
  it('gives embeddings after a retry', async () => {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5, 1] }]
    await using server = await faultServer(second({ object: 'list', model: 'e', data }))
    const { client } = await open(server.origin)
    const { data: embedded } = await client.embeddings.create({ model: 'e', input: 'x', encoding_format: 'float' })
    expect(embedded[0]?.embedding).toEqual([0.5, 1])
    expect(server.requests.length).toBe(2)
  })

  it('lists models after a retry', async () => {
    await using server = await faultServer(second({ object: 'list', data: [{ id: 'm' }] }))
    const { client } = await open(server.origin)
    expect((await client.models.list()).data).toEqual([{ id: 'm' }])
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })

  it('sends a file again', async () => {
    await using server = await faultServer(second({ id: 'file-1' }))
    const { client, toFile } = await open(server.origin)
    const file = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from('line'), 'a.jsonl') })
    expect(file.id).toBe('file-1')
    expect(server.requests[1]?.body).toContain('line')
  })

  it('settles an embedding by the total', async () => {
    await using server = await faultServer(() => {})
    const { default: OpenAI } = await import('openai')
    const client = new OpenAI({
      apiKey: KEY,
      baseURL: `${server.origin}/v1`,
      fetch: createFetch({ timeout: 60 }),
      maxRetries: 0,
    })
    const error: unknown = await client.embeddings.create({ model: 'e', input: 'x' }).catch((thrown: unknown) => thrown)
    expect(unwrapError(error)).toMatchObject({ code: 'timeout', phase: 'total' })
  })

  it('uses the dispatcher that the SDK is given', async () => {
    const { default: OpenAI } = await import('openai')
    let dispatched = 0
    const dispatcher = {
      dispatch(_: object, handler: { onResponseError(controller: object, error: Error): void }) {
        dispatched++
        handler.onResponseError({}, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
        return true
      },
    }
    const client = new OpenAI({
      apiKey: KEY,
      baseURL: 'http://127.0.0.1:1/v1',
      fetch,
      fetchOptions: { dispatcher } as object,
      maxRetries: 0,
    })
    const error: unknown = await client.models.list().catch((thrown: unknown) => thrown)
    expect(unwrapError(error)?.code).toBe('network')
    expect(dispatched).toBe(3)
  })
})
