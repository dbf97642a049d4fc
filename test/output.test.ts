import { type AnyCompletionError, type Completion, complete, createClient, openaiCompatible } from 'punctual'
import { afterEach, describe, expect, test } from 'vitest'
import { type FaultServer, faultServer } from './support/fault-server.ts'
import { numberSchema, type Person, personSchema, schemaOf } from './support/schemas.ts'
import { type Said, WIRES, type Wire } from './support/wires.ts'

const [openaiWire] = WIRES as [Wire]
const ADA = '{"name":"Ada","born":"1815-12-10"}'
const messages = [{ role: 'user', content: 'Who?' }] as const
let server: FaultServer | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

/** A server that gives these answers in turn, the last one for ever. */
async function answering(wire: Wire, ...answers: readonly Said[]) {
  server = await faultServer(({ json, index }) => json(wire.body(answers[Math.min(index, answers.length - 1)] ?? {})))
  const { requests, origin } = server
  return {
    model: wire.model(origin),
    bodies: () => requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
  }
}

const failure = (promise: Promise<Completion>): Promise<AnyCompletionError> =>
  promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (error: AnyCompletionError) => error,
  )

describe.each(WIRES)('an output on the wire of $name', (wire) => {
  test('is validated and typed by its schema', async () => {
    const { model, bodies } = await answering(wire, { text: ADA })
    const { output, text, usage } = await complete({ model, messages, output: personSchema() })
    const person: Person = output
    expect(person).toEqual({ name: 'Ada', born: new Date('1815-12-10') })
    expect(text).toBe(ADA)
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: 7, totalTokens: 16, cachedInputTokens: 4 })
    expect(JSON.stringify(bodies()[0])).toContain('"born"')
    expect(JSON.stringify(bodies()[0])).not.toContain('$schema')
  })

  test('that does not fit is asked for again', async () => {
    const { model, bodies } = await answering(wire, { text: '{"name":7,"born":"x"}' }, { text: ADA })
    const { output, attempts } = await complete({ model, messages, output: personSchema() })
    expect(output.name).toBe('Ada')
    expect(attempts).toMatchObject([
      { outcome: 'error', error: { code: 'invalid_response' }, usage: { outputTokens: 7 } },
      { outcome: 'ok', delayBefore: 0, delayFrom: null },
    ])
    const [, second] = bodies().map((body) => JSON.stringify(body))
    expect(second).toContain(String.raw`{\"name\":7,\"born\":\"x\"}`)
    expect(second).toContain('at name: expected a string, got 7')
  })

  test('cut by the token limit is not asked for again', async () => {
    const { model, bodies } = await answering(wire, { text: '{"name":"Ad', finish: 'length' })
    const error = await failure(complete({ model, messages, output: personSchema() }))
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false, stopReason: 'not_retryable' })
    expect(error.message).toContain('raise maxTokens')
    expect(error.partial).toMatchObject({ text: '{"name":"Ad', usage: { outputTokens: 7 } })
    expect(bodies()).toHaveLength(1)
  })

  test('ended by a filter is refused, not retried', async () => {
    const { model, bodies } = await answering(wire, { text: 'I can', finish: 'content_filter' })
    const error = await failure(complete({ model, messages, output: personSchema() }))
    expect(error).toMatchObject({ code: 'content_filter', retryable: false, partial: { text: 'I can' } })
    expect(bodies()).toHaveLength(1)
  })

  test('gives way to tool calls', async () => {
    const calls = [{ id: 'call_a', name: 'look_up', input: { id: 7 } }]
    const { model } = await answering(wire, { calls })
    const tools = { look_up: {} }
    const { output, toolCalls } = await complete({ model, messages, output: personSchema(), tools })
    expect(output).toBeUndefined()
    expect(toolCalls).toMatchObject([{ name: 'look_up', input: { id: 7 } }])
  })

  test('may be no object at its root', async () => {
    const { model, bodies } = await answering(wire, { text: '{"value":7}' })
    const { output } = await complete({ model, messages, output: numberSchema })
    expect(output).toBe(7)
    expect(JSON.stringify(bodies()[0])).toContain('"properties":{"value":{"type":"number"}}')
  })
})

describe('the native mode', () => {
  const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  const closed = { ...schema, additionalProperties: false }

  test.each([
    [
      'openai',
      { response_format: { type: 'json_schema', json_schema: { name: 'output', strict: true, schema: closed } } },
    ],
    ['anthropic', { output_config: { format: { type: 'json_schema', schema: closed } } }],
    ['gemini', { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } }],
  ])('of %s is asked for', async (name, expected) => {
    const wire = WIRES.find((one) => one.name === name) as Wire
    const { model, bodies } = await answering(wire, { text: '{"n":1}' })
    expect((await complete({ model, messages, output: schema })).output).toEqual({ n: 1 })
    expect(bodies()[0]).toMatchObject(expected)
  })

  test('is an instruction where a server has none', async () => {
    const { bodies } = await answering(openaiWire, { text: '```json\n{"n":1}\n```' })
    const own = openaiCompatible({ name: 'own', baseURL: `${server?.origin}/v1`, outputMode: 'instruct' })
    expect((await complete({ model: own('m'), messages, output: schema })).output).toEqual({ n: 1 })
    expect(bodies()[0]).not.toHaveProperty('response_format')
    expect(JSON.stringify(bodies()[0]?.messages)).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1))
  })
})

describe('asking again', () => {
  const bad = { text: '{"name":"a secret answer","born":7}' }

  test('ends with outputRetries and keeps the answer', async () => {
    const { model, bodies } = await answering(openaiWire, bad)
    const error = await failure(complete({ model, messages, output: personSchema() }))
    expect(error).toMatchObject({ code: 'invalid_response', retryable: true, stopReason: 'max_retries', status: 200 })
    expect(error.message).toContain('does not fit the output schema at born')
    expect(error.partial).toMatchObject({ text: bad.text, issues: [{ path: ['born'] }] })
    expect(bodies()).toHaveLength(2)
  })

  test('goes on as often as outputRetries say', async () => {
    const { model, bodies } = await answering(openaiWire, bad, bad, { text: ADA })
    const { attempts } = await complete({ model, messages, output: personSchema(), outputRetries: 2 })
    expect(attempts).toHaveLength(3)
    expect(bodies().map((body) => (body.messages as unknown[]).length)).toEqual([1, 3, 5])
  })

  test.each([
    ['outputRetries is 0', { outputRetries: 0 }, {}],
    ['retry is false', {}, { retry: false }],
    ['no retry is left', {}, { retry: 0 }],
  ] as const)('is left out where %s', async (_, over, options) => {
    const { model, bodies } = await answering(openaiWire, bad)
    const error = await failure(complete({ model, messages, output: personSchema(), ...over }, options))
    expect(error).toMatchObject({ code: 'invalid_response', stopReason: 'max_retries' })
    expect(bodies()).toHaveLength(1)
  })

  test('waits for the server between two corrections', async () => {
    server = await faultServer(({ json, index }) => {
      if (index === 1) return json({ error: { message: 'busy' } }, { status: 503 })
      return json(openaiWire.body(index === 0 ? bad : { text: ADA }))
    })
    const model = openaiWire.model(server.origin)
    await complete({ model, messages, output: personSchema() }, { retry: { baseDelay: 0 } })
    const [, failed, last] = server.requests.map(({ body }) => body)
    expect(last).toBe(failed)
  })

  test('names no text of the answer in the error', async () => {
    const output = schemaOf({ type: 'object', additionalProperties: { type: 'number' } }, (value, issue) => {
      issue('no number: a secret answer', 'secret key', 0)
      return value
    })
    const { model } = await answering(openaiWire, { text: '{"secret key":["a secret answer"]}' })
    const error = await failure(complete({ model, messages, output }))
    expect(error.message).toContain('at *[0]')
    expect(JSON.stringify([error.toJSON(), Object.entries(error), error.attempts, String(error.cause)])).not.toContain(
      'secret',
    )
  })
})

describe('reading an answer', () => {
  test('waits for a schema that takes its time', async () => {
    const { model, bodies } = await answering(openaiWire, { text: '{}' }, { text: ADA })
    const { output } = await complete({ model, messages, output: personSchema({ later: true }) })
    expect(output.name).toBe('Ada')
    expect(bodies()).toHaveLength(2)
  })

  test('ends with the deadline though a schema never answers', async () => {
    const { model } = await answering(openaiWire, { text: ADA })
    const output = schemaOf({ type: 'object' }, (value) => value)
    const silent = { '~standard': { ...output['~standard'], validate: () => new Promise<never>(() => {}) } }
    const error = await failure(complete({ model, messages, output: silent }, { timeout: 300 }))
    expect(error).toMatchObject({ code: 'timeout', phase: 'total' })
    expect(error.attempts).toMatchObject([{ outcome: 'cancelled', status: 200 }])
  })

  test('reports a schema that throws, once', async () => {
    const { model, bodies } = await answering(openaiWire, { text: ADA })
    const fault = new Error('a bug')
    const output = schemaOf({ type: 'object' }, () => {
      throw fault
    })
    const error = await failure(complete({ model, messages, output }))
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false, cause: fault })
    expect(bodies()).toHaveLength(1)
  })

  test.each([
    ['out of a code fence', `Here it is:\n\`\`\`json\n${ADA}\n\`\`\``],
    [
      'out of a code fence with fences in its strings',
      `\`\`\`json\n${ADA.replace('}', ',"nickname":"``` x"}')}\n  \`\`\`\nDone.`,
    ],
    ['behind a fence and endless lines', `\`\`\`json${'\n'.repeat(300_000)}${ADA}${'\n'.repeat(300_000)}\`\`\``],
    ['after thoughts in the text', `<think>{"name": who?}</think>\n${ADA}`],
    ['from within space', `\n  ${ADA}\n`],
  ])('takes JSON %s', async (_, text) => {
    const { model } = await answering(openaiWire, { text })
    const { output } = await complete({ model, messages, output: personSchema() })
    expect(output.name).toBe('Ada')
  })

  test('takes null for an optional member left out', async () => {
    const { model, bodies } = await answering(openaiWire, { text: `${ADA.slice(0, -1)},"nickname":null}` })
    const { output } = await complete({ model, messages, output: personSchema() })
    expect(output).not.toHaveProperty('nickname')
    expect(bodies()[0]?.response_format).toMatchObject({
      json_schema: {
        name: 'output',
        strict: true,
        schema: {
          additionalProperties: false,
          required: ['name', 'born', 'nickname'],
          properties: { nickname: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
        },
      },
    })
  })

  test('keeps a refusal as what was received', async () => {
    const { model } = await answering(openaiWire, { refusal: 'I will not' })
    const error = await failure(complete({ model, messages, output: personSchema() }))
    expect(error).toMatchObject({ code: 'content_filter', partial: { text: 'I will not' } })
    expect(error.message).not.toContain('I will not')
  })

  test('holds plain JSON Schema against the answer', async () => {
    const { model, bodies } = await answering(openaiWire, { text: '{"size":"big"}' }, { text: '{"size":3}' })
    const output = { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] }
    expect((await complete({ model, messages, output })).output).toEqual({ size: 3 })
    expect(JSON.stringify(bodies()[1])).toContain('at size: must be of type integer')
  })

  test('leaves the answer alone where no output is wanted', async () => {
    const { model } = await answering(openaiWire, { text: 'Hello' })
    const completion = await complete({ model, messages })
    expect(completion).toMatchObject({ text: 'Hello', output: undefined, toolCalls: [] })
  })
})

describe('an output that cannot be sent', () => {
  const bare = { '~standard': { version: 1, vendor: 'valibot', validate: () => ({ value: 1 }) } } as const
  const dated = {
    '~standard': {
      ...bare['~standard'],
      jsonSchema: {
        input: (): never => {
          throw new Error('Date cannot be represented')
        },
      },
    },
  }

  test.each([
    ['has no JSON Schema', bare, /valibot that offers no JSON Schema.*toStandardJsonSchema/],
    ['has types that JSON has not', dated, /Date cannot be represented.*ISO string/],
    ['is no schema', { name: 'Ada' }, /no JSON Schema.*zod/],
    ['is null', null, /request\.output must be/],
    ['has a bad name', { schema: bare, jsonSchema: { type: 'object' }, name: 'a b' }, /request\.output\.name/],
    ['has an unknown member', { schema: bare, jsonschema: {} }, /did you mean jsonSchema/],
  ])('is a TypeError where it %s', async (_, output, message) => {
    const client = createClient({ fetch: () => Promise.reject(new Error('a request was made')) })
    const model = openaiWire.model('http://127.0.0.1:9')
    const error = await failure(client.complete({ model, messages, output: output as never }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  test('is sent with the JSON Schema given beside it', async () => {
    const { model, bodies } = await answering(openaiWire, { text: '{}' })
    const jsonSchema = { type: 'object', properties: {} } as const
    const output = { schema: bare, jsonSchema, name: 'person', strict: false } as const
    expect((await complete({ model, messages, output })).output).toBe(1)
    expect(bodies()[0]?.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'person', schema: jsonSchema, strict: false },
    })
  })
})
