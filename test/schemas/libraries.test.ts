import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AnyCompletionError, complete, type SchemaWithJson } from 'punctual'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FaultServer, faultServer } from '../support/fault-server.ts'
import { WIRES } from '../support/wires.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const installed = existsSync(`${FOLDER}node_modules/zod`)
if (!installed) console.log('skipped: the schema libraries are not installed (npm ci --prefix test/schemas)')

const [openaiWire, anthropicWire] = WIRES
const messages = [{ role: 'user', content: 'Who?' }] as const
const GOOD = { name: 'Ada', tags: ['a'], born: { year: 1815 } }
let server: FaultServer
let answer = ''

/** The same shape in each library: a text, an optional number, a list, an object. */
const LIBRARIES = ['zod', 'arktype', 'valibot'] as const
type Library = (typeof LIBRARIES)[number]

async function personOf(library: Library): Promise<SchemaWithJson> {
  if (library === 'zod') {
    const { z } = await import('zod')
    const born = z.object({ year: z.int() })
    return z.object({ name: z.string(), age: z.number().optional(), tags: z.array(z.string()), born })
  }
  if (library === 'arktype') {
    const { type } = await import('arktype')
    return type({ name: 'string', 'age?': 'number', tags: 'string[]', born: { year: 'number.integer' } })
  }
  const v = await import('valibot')
  const { toStandardJsonSchema } = await import('@valibot/to-json-schema')
  const born = v.object({ year: v.pipe(v.number(), v.integer()) })
  const age = v.optional(v.number())
  return toStandardJsonSchema(v.object({ name: v.string(), age, tags: v.array(v.string()), born }))
}

const sent = (index: number): string => server.requests.at(index)?.body ?? ''

async function asked(output: SchemaWithJson, wire = openaiWire): Promise<unknown> {
  const model = wire?.model(server.origin)
  return (await complete({ model, messages, output })).output
}

describe.runIf(installed)('schema libraries', () => {
  beforeAll(async () => {
    server = await faultServer(({ json, request }) => {
      const wire = request.path.includes('/chat/') ? openaiWire : anthropicWire
      json(wire?.body({ text: answer }))
    })
  })
  afterAll(() => server.close())

  test.each(LIBRARIES)('%s validates and is sent in strict form', async (library) => {
    const output = await personOf(library)
    answer = JSON.stringify(GOOD)
    expect(await asked(output)).toEqual(GOOD)
    const { response_format } = JSON.parse(sent(-1)) as { response_format: { json_schema: object } }
    expect(response_format.json_schema).toMatchObject({
      strict: true,
      schema: {
        additionalProperties: false,
        required: expect.arrayContaining(['name', 'age', 'tags', 'born']) as unknown,
      },
    })
    answer = JSON.stringify({ ...GOOD, age: null })
    expect(await asked(output)).toEqual(GOOD)
  })

  test.each(LIBRARIES)('%s says what does not fit', async (library) => {
    const before = server.requests.length
    answer = JSON.stringify({ ...GOOD, tags: ['a', 7] })
    const error = await asked(await personOf(library)).catch((thrown: AnyCompletionError) => thrown)
    expect(error).toMatchObject({ code: 'invalid_response', partial: { issues: [{ path: ['tags', 1] }] } })
    expect((error as Error).message).toContain('at tags[1]')
    expect(server.requests.length - before).toBe(2)
    expect(sent(-1)).toContain('at tags.1: ')
  })

  test.each(LIBRARIES)('%s is closed for Anthropic', async (library) => {
    answer = JSON.stringify(GOOD)
    expect(await asked(await personOf(library), anthropicWire)).toEqual(GOOD)
    const { output_config } = JSON.parse(sent(-1)) as { output_config: { format: { schema: object } } }
    expect(output_config.format.schema).toMatchObject({ additionalProperties: false })
    // zod writes the bounds of a safe integer, which this wire refuses.
    expect(JSON.stringify(output_config.format.schema)).not.toMatch(/"(minimum|maximum|\$schema)":/)
  })

  test('refuse what JSON has not, with a remedy', async () => {
    const { z } = await import('zod')
    const v = await import('valibot')
    await expect(asked(z.object({ born: z.date() }))).rejects.toThrow(/request\.output.*zod: Date.*ISO string/)
    const bare = v.object({ name: v.string() }) as unknown as SchemaWithJson
    await expect(asked(bare)).rejects.toThrow(/valibot.*toStandardJsonSchema/)
    await expect(asked(bare)).rejects.toBeInstanceOf(TypeError)
  })

  test('go around with references, unions and bare roots', async () => {
    const { z } = await import('zod')
    const node = z.object({
      value: z.string(),
      get children() {
        return z.array(node)
      },
    })
    const tree = { value: 'a', children: [{ value: 'b', children: [] }] }
    answer = JSON.stringify(tree)
    expect(await asked(node)).toEqual(tree)
    const shape = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('circle'), radius: z.number().optional() }),
      z.object({ kind: z.literal('square'), side: z.number().nullable() }),
    ])
    answer = '{"value":{"kind":"circle","radius":null}}'
    expect(await asked(shape)).toEqual({ kind: 'circle' })
    answer = '{"value":{"kind":"square","side":null}}'
    expect(await asked(shape)).toEqual({ kind: 'square', side: null })
    answer = JSON.stringify({ value: [tree] })
    expect(await asked(z.array(node))).toEqual([tree])
    answer = '{"value":[7,"x"]}'
    expect(await asked(z.tuple([z.number(), z.string()]))).toEqual([7, 'x'])
  })

  test('fill in defaults and transform', async () => {
    const { z } = await import('zod')
    answer = '{"size":"7","unit":null}'
    const output = z.object({ size: z.string().transform(Number), unit: z.string().default('cm') })
    expect(await asked(output)).toEqual({ size: 7, unit: 'cm' })
  })

  test('are known to the compiler', { timeout: 60_000 }, async () => {
    const compiler = fileURLToPath(new URL('../../node_modules/typescript7/bin/tsc', import.meta.url))
    const run = promisify(execFile)(process.execPath, [compiler, '--pretty', 'false', '--noEmit', '-p', FOLDER])
    const found = await run.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    )
    expect(found).toBe('')
  })
})
