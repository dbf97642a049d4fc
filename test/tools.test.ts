import { runInNewContext } from 'node:vm'
import { type Completion, complete, createClient, gemini, type Message } from 'punctual'
import { afterEach, describe, expect, test } from 'vitest'
import { scriptedFetch } from './support/call.ts'
import { type FaultServer, faultServer } from './support/fault-server.ts'
import { schemaOf } from './support/schemas.ts'
import { type Said, WIRES, type Wire } from './support/wires.ts'

const [openaiWire] = WIRES as [Wire]
const messages = [{ role: 'user', content: 'What is it like in Rome?' }] as const
let server: FaultServer | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

async function answering(wire: Wire, ...answers: readonly Said[]) {
  server = await faultServer(({ json, index }) => json(wire.body(answers[Math.min(index, answers.length - 1)] ?? {})))
  const { requests, origin } = server
  return {
    model: wire.model(origin),
    bodies: () => requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
  }
}

const weather = schemaOf(
  { type: 'object', properties: { city: { type: 'string' }, day: { type: 'string' } }, required: ['city'] },
  (value, issue): { city: string; day?: string } => {
    const input = value as { city: string; day?: string }
    if (typeof input.city !== 'string') issue('expected a city', 'city')
    if (input.day === null) issue('expected a day', 'day')
    return input
  },
)

const tools = {
  weather: { description: 'The weather of a city', input: weather },
  plain: { input: { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] } },
  now: {},
}

test('a schema of another realm is a schema', async () => {
  const { model, bodies } = await answering(openaiWire, { text: 'Hello' })
  const input = runInNewContext("({ type: 'object', properties: { city: { type: 'string' } } })") as { type: 'object' }
  await complete({ model, messages, tools: { weather: { input } } })
  expect(bodies()[0]).toMatchObject({ tools: [{ function: { parameters: { properties: { city: {} } } } }] })
})

async function called(input: object | string, name = 'weather'): Promise<Completion['toolCalls'][number] | undefined> {
  const { model } = await answering(openaiWire, { calls: [{ id: 'a', name, input }] })
  return (await complete({ model, messages, tools })).toolCalls[0]
}

describe('calls that come without an id', () => {
  const functionCall = { name: 'weather', args: { city: 'Rome' } }
  const content = { content: { parts: [{ functionCall }, { functionCall }] }, finishReason: 'STOP', index: 0 }
  const answer = JSON.stringify({ candidates: [content] })
  const fetch = scriptedFetch(({ body }) =>
    (body as string).includes('stream') ? new Response(`data: ${answer}\n\n`) : new Response(answer),
  )
  const client = createClient({ provider: gemini({ apiKey: 'k', baseURL: 'http://local' }), model: 'm', fetch })

  test('get one that no other call of the conversation has', async () => {
    const first = await client.complete({ messages, tools })
    const next: Message[] = [...messages, first.message]
    for (const { id } of first.toolCalls) next.push({ role: 'tool', toolCallId: id, content: 'sunny' })
    const second = await client.complete({ messages: next, tools })
    const ids = [...first.toolCalls, ...second.toolCalls].map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^[\w-]{8,40}$/)
    expect(first.message.toolCalls?.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  })

  test('have the same one in the events of a stream and at its end', async () => {
    const stream = client.stream({ messages, tools, extraBody: { labels: { way: 'stream' } } })
    const told: unknown[] = []
    for await (const event of stream) if (event.type === 'tool_call_delta') told.push(event.id)
    const { toolCalls } = await stream.completion
    expect(told).toHaveLength(2)
    expect(toolCalls.map(({ id }) => id)).toEqual(told)
    expect(told[0]).toMatch(/^[\w-]{8,40}$/)
  })
})

describe('the arguments of a call', () => {
  test('are validated and typed by the schema', async () => {
    const { model } = await answering(openaiWire, { calls: [{ id: 'a', name: 'weather', input: { city: 'Rome' } }] })
    const { toolCalls, finishReason } = await complete({ model, messages, tools })
    expect(finishReason).toBe('tool_calls')
    const [call] = toolCalls
    expect(call).toEqual({ id: 'a', name: 'weather', arguments: '{"city":"Rome"}', input: { city: 'Rome' } })
    expect(call?.name === 'weather' && call.input?.city).toBe('Rome')
  })

  test.each([
    ['do not parse', '{"city":', /not JSON/],
    ['do not validate', '{"city":7}', /expected a city/],
  ])('that %s are kept and reported', async (_, written, message) => {
    const call = await called(written)
    expect(call).toMatchObject({ name: 'weather', arguments: written })
    expect(call).not.toHaveProperty('input')
    expect(call?.issues?.[0]?.message).toMatch(message)
  })

  test.each(['', 'null', '{}', ' '])('written as %j are an empty object', async (written) => {
    expect(await called(written, 'now')).toMatchObject({ arguments: written, input: {} })
  })

  test.each(['["rm"]', '"rm"', '7'])(
    'written as %j are no arguments, also of a tool without a schema',
    async (written) => {
      const call = await called(written, 'now')
      expect(call).toMatchObject({ issues: [{ message: 'must be an object' }] })
      expect(call).not.toHaveProperty('input')
    },
  )

  test('are held against plain JSON Schema', async () => {
    expect(await called({ id: 7 }, 'plain')).toMatchObject({ input: { id: 7 } })
    expect(await called('null', 'plain')).toMatchObject({ issues: [{ path: ['id'] }] })
  })

  test('of a tool that nobody has are parsed and reported', async () => {
    const call = await called({ x: 1 }, 'made_up')
    expect(call).toMatchObject({ name: 'made_up', arguments: '{"x":1}', issues: [{ message: /no tool of this name/ }] })
    expect(call?.input).toBeUndefined()
  })

  test('may hold null for an optional member', async () => {
    expect(await called('{"city":"Rome","day":null}')).toMatchObject({ input: { city: 'Rome' } })
  })

  test('may be validated by a schema beside their JSON Schema', async () => {
    const { model, bodies } = await answering(openaiWire, {
      calls: [{ id: 'a', name: 'get', input: { city: 'Rome' } }],
    })
    const jsonSchema = { type: 'object', properties: {} } as const
    const { toolCalls } = await complete({
      model,
      messages,
      tools: { get: { input: { schema: weather, jsonSchema } } },
    })
    expect(toolCalls[0]?.input?.city).toBe('Rome')
    expect(bodies()[0]).toMatchObject({ tools: [{ function: { parameters: jsonSchema } }] })
  })

  test('wait for a schema that takes its time', async () => {
    const { model } = await answering(openaiWire, { calls: [{ id: 'a', name: 'slow', input: {} }] })
    const input = schemaOf({ type: 'object' }, () => 'ready', { later: true })
    const { toolCalls } = await complete({ model, messages, tools: { slow: { input } } })
    expect(toolCalls[0]?.input).toBe('ready')
  })

  test('stay raw in the message that goes back', async () => {
    const { model } = await answering(openaiWire, { calls: [{ id: 'a', name: 'count', input: {} }] })
    const input = schemaOf({ type: 'object' }, () => 10n)
    const { message, toolCalls } = await complete({ model, messages, tools: { count: { input } } })
    expect(toolCalls[0]?.input).toBe(10n)
    expect(JSON.parse(JSON.stringify(message))).toMatchObject({ toolCalls: [{ id: 'a', arguments: '{}' }] })
  })
})

describe('tools that cannot be sent', () => {
  test.each([
    [{ tools: { 'get weather': {} } }, /tools\.get weather: a tool's name must be/],
    [{ tools: [] }, /request\.tools must be an object/],
    [{ tools: { a: { parameters: {} } } }, /request\.tools\.a\.parameters is unknown/],
    [{ tools: { a: { input: { type: 'string' } } } }, /must describe an object/],
    [{ tools: { a: { input: { city: 'string' } } } }, /no JSON Schema/],
    [{ toolChoice: 'required' }, /there are no request\.tools/],
    [{ tools, toolChoice: { name: 'whether' } }, /one of request\.tools \(weather, plain, now\)/],
    [{ tools, toolChoice: 'any' }, /request\.toolChoice must be/],
    [{ tools, parallelToolCalls: 1 }, /request\.parallelToolCalls must be/],
  ])('are a TypeError: %j', async (over, message) => {
    const model = openaiWire.model('http://127.0.0.1:9')
    await expect(complete({ model, messages, ...(over as object) })).rejects.toThrow(message)
    await expect(complete({ model, messages, ...(over as object) })).rejects.toBeInstanceOf(TypeError)
  })
})

describe('the request', () => {
  test('says nothing of choices where there are no tools', async () => {
    const { model, bodies } = await answering(openaiWire, { text: 'Hi' })
    await complete({ model, messages, tools: {}, toolChoice: 'auto', parallelToolCalls: false })
    expect(Object.keys(bodies()[0] ?? {})).toEqual(['model', 'messages'])
  })

  test('makes a strict tool closed and its members required', async () => {
    const { model, bodies } = await answering(openaiWire, { text: 'Hi' })
    await complete({ model, messages, tools: { weather: { input: weather, strict: true } } })
    const [tool] = (bodies()[0] as { tools: [{ function: object }] }).tools
    expect(tool.function).toMatchObject({
      strict: true,
      parameters: { required: ['city', 'day'], additionalProperties: false },
    })
  })
})

/** Where each wire keeps what a turn must carry back, in the second request. */
const CARRIED: Readonly<Record<string, string>> = {
  anthropic: '"signature":"signed"',
  gemini: '"thoughtSignature":"signed"',
}

describe.each(WIRES)('a tool loop on the wire of $name', (wire) => {
  test.each([
    ['as it is', (message: Message) => message],
    ['through JSON', (message: Message) => JSON.parse(JSON.stringify(message)) as Message],
  ])('gives each message back %s', async (_, through) => {
    const { model, bodies } = await answering(
      wire,
      {
        thought: 'Two cities.',
        calls: [
          { id: 'call_a', name: 'weather', input: { city: 'Rome' } },
          { id: 'call_b', name: 'weather', input: { city: 'Oslo' } },
        ],
      },
      { thought: 'And now?', calls: [{ id: 'call_c', name: 'now', input: '{}' }] },
      { text: 'Sunny.' },
    )
    const conversation: Message[] = [
      { role: 'system', content: 'Be brief.', extra: { cache_control: { type: 'ephemeral' } } },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Where is this?' },
          { type: 'image', data: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), mediaType: 'image/png' },
          { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'map.pdf' },
        ],
      },
    ]
    let text: string | undefined
    for (let turn = 0; text === undefined && turn < 5; turn++) {
      const { message, toolCalls, ...completion } = await complete({ model, messages: conversation, tools })
      conversation.push(through(message))
      if (toolCalls.length === 0) text = completion.text
      for (const { id, name, input } of toolCalls) {
        conversation.push({ role: 'tool', toolCallId: id, content: JSON.stringify({ name, input }) })
      }
    }
    expect(text).toBe('Sunny.')
    const [first, second, third] = bodies().map((body) => JSON.stringify(body))
    expect(first).toContain('iVBORw0KGgo=')
    expect(first).toContain('JVBERi0=')
    expect(first).toContain('"cache_control":{"type":"ephemeral"}')
    for (const sent of [second, third]) {
      expect(sent).toContain(CARRIED[wire.name] ?? '"call_a"')
      expect(sent).toContain('Rome')
      expect(sent).toContain('Oslo')
    }
    expect(conversation.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ])
  })
})
