/*
 * What the compiler knows of the libraries' schemas. Checked by libraries.test.ts, because the main type check runs without them.
 */
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { complete, openai } from 'punctual'
import * as v from 'valibot'
import { z } from 'zod'

type Same<A, B> = [IsAny<A>, IsAny<B>] extends [false, false] ? ([A, B] extends [B, A] ? true : false) : false
type IsAny<T> = 0 extends 1 & T ? true : false
declare function same<A, B>(proof: Same<A, B>): void

const model = openai('gpt-5-mini')
const messages = [{ role: 'user', content: 'Hello' }] as const

export async function outputs(): Promise<void> {
  const zod = z.object({ name: z.string(), length: z.string().transform((text) => text.length) })
  const { output: one } = await complete({ model, messages, output: zod })
  same<typeof one, { name: string; length: number }>(true)
  const { output: two } = await complete({ model, messages, output: type({ name: 'string', 'age?': 'number' }) })
  same<typeof two, { name: string; age?: number }>(true)
  const valibot = v.object({ name: v.string() })
  const { output: three } = await complete({ model, messages, output: toStandardJsonSchema(valibot) })
  same<typeof three, { name: string }>(true)
  const { output: four } = await complete({
    model,
    messages,
    output: { schema: valibot, jsonSchema: { type: 'object' } },
  })
  same<typeof four, { name: string }>(true)
  // @ts-expect-error valibot needs its converter
  await complete({ model, messages, output: valibot })
}

export async function inputs(): Promise<void> {
  const tools = { a: { input: z.object({ id: z.number() }) }, b: { input: type({ text: 'string' }) } }
  const { toolCalls } = await complete({ model, messages, tools })
  for (const call of toolCalls) {
    if (call.name === 'a') same<typeof call.input, { id: number } | undefined>(true)
    else same<typeof call.input, { text: string } | undefined>(true)
  }
}
