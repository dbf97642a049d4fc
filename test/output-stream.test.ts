import { type AnyCompletionError, complete, type StreamEvent, stream } from 'punctual'
import { afterEach, describe, expect, test } from 'vitest'
import { type FaultServer, faultServer } from './support/fault-server.ts'
import { personSchema, schemaOf } from './support/schemas.ts'
import { WIRES } from './support/wires.ts'

const messages = [{ role: 'user', content: 'Who?' }] as const
const ADA = '{"name":"Ada","born":"1815-12-10"}'
let server: FaultServer | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c1', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** A stream of Chat Completions that says these pieces. */
const said = (deltas: readonly object[], finish = 'stop'): string =>
  `${deltas.map((delta) => chunk(delta)).join('')}${chunk({}, finish)}data: [DONE]\n\n`

async function streaming(...bodies: readonly string[]) {
  server = await faultServer(({ respond, index }) =>
    respond(bodies[Math.min(index, bodies.length - 1)] ?? '', { headers: { 'content-type': 'text/event-stream' } }),
  )
  const model = WIRES[0]?.model(server.origin)
  return { model, requests: server.requests }
}

const pieces = (text: string): object[] => [...text.matchAll(/.{1,7}/gs)].map(([content]) => ({ content }))

describe('a streamed output', () => {
  test('is validated when it is whole', async () => {
    const { model } = await streaming(said(pieces(ADA)))
    const answer = stream({ model, messages, output: personSchema({ later: true }) })
    let text = ''
    for await (const piece of answer.textStream) text += piece
    expect(text).toBe(ADA)
    expect((await answer.completion).output.born).toEqual(new Date('1815-12-10'))
  })

  test('that does not fit fails after its text, once', async () => {
    const { model, requests } = await streaming(said(pieces('{"name":7}')))
    const answer = stream({ model, messages, output: personSchema() })
    const events: StreamEvent[] = []
    const read = async (): Promise<void> => {
      for await (const event of answer) events.push(event)
    }
    const error = await read().catch((thrown: AnyCompletionError) => thrown)
    expect(error).toMatchObject({ code: 'invalid_response', partial: { text: '{"name":7}', issues: [{}, {}] } })
    expect(events.map(({ type }) => type)).not.toContain('finish')
    expect(requests).toHaveLength(1)
  })

  test('is asked for again where complete streams', async () => {
    const { model, requests } = await streaming(said(pieces('{"name":7}')), said(pieces(ADA)))
    const { output, attempts } = await complete({ model, messages, output: personSchema() }, { wire: 'stream' })
    expect(output.name).toBe('Ada')
    expect(attempts).toHaveLength(2)
    expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({ stream: true, messages: [{}, {}, { role: 'user' }] })
  })

  test('settles though its schema never answers', async () => {
    const { model } = await streaming(said(pieces(ADA)))
    const output = schemaOf({ type: 'object' }, (value) => value)
    const silent = { '~standard': { ...output['~standard'], validate: () => new Promise<never>(() => {}) } }
    const { completion } = stream({ model, messages, output: silent }, { timeout: 300 })
    const error = await completion.catch((thrown: AnyCompletionError) => thrown)
    expect(error).toMatchObject({ code: 'timeout', phase: 'total', partial: { text: ADA } })
  })

  test('that cannot be sent is thrown at once', () => {
    const model = WIRES[0]?.model('http://127.0.0.1:9')
    expect(() => stream({ model, messages, output: { no: 'schema' } })).toThrow(TypeError)
  })
})

describe('streamed tool calls', () => {
  test('come whole with their inputs read', async () => {
    const call = (part: object) => ({ tool_calls: [{ index: 0, ...part }] })
    const { model } = await streaming(
      said(
        [
          call({ id: 'a', function: { name: 'look', arguments: '' } }),
          call({ function: { arguments: '{"id":' } }),
          call({ function: { arguments: '7}' } }),
          { tool_calls: [{ index: 1, id: 'b', function: { name: 'now', arguments: '' } }] },
          { tool_calls: [{ index: 2, id: 'c', function: { name: 'look', arguments: '{"id":' } }] },
        ],
        'tool_calls',
      ),
    )
    const input = schemaOf({ type: 'object' }, (value) => value as { id: number })
    const answer = stream({ model, messages, tools: { look: { input }, now: {} } })
    const whole: unknown[] = []
    for await (const event of answer) if (event.type === 'tool_call') whole.push(event.toolCall)
    expect(whole).toMatchObject([
      { id: 'a', arguments: '{"id":7}', input: { id: 7 } },
      { id: 'b', arguments: '', input: {} },
      { id: 'c', arguments: '{"id":', issues: [{}] },
    ])
    expect((await answer.completion).toolCalls).toEqual(whole)
  })
})
