/*
 * What the compiler has to know of requests and results. Nothing here runs: the type check fails where an expectation does not hold.
 */
import {
  type Client,
  type Completion,
  type CompletionError,
  complete,
  createClient,
  type Message,
  type NoTools,
  type Options,
  type OutputOf,
  type OutputSpec,
  openai,
  type Request,
  type SchemaOutput,
  type SchemaWithJson,
  type StandardSchema,
  type ToolCall,
  type ToolCallOf,
  type ToolSet,
} from 'punctual'
import { expressMiddleware, fastifyHook, type ServedRequest } from 'punctual/server'
import { fetch as undiciFetch } from 'undici'
import { type Person, personSchema, schemaOf } from '../support/schemas.ts'

/** Holds only where the two types are the same: `any` is neither `unknown` nor anything else. */
type Same<A, B> = [IsAny<A>, IsAny<B>] extends [false, false] ? ([A, B] extends [B, A] ? true : false) : false
type IsAny<T> = 0 extends 1 & T ? true : false
declare function same<A, B>(proof: Same<A, B>): void

declare const client: Client
declare const wanted: boolean
const messages: readonly Message[] = [{ role: 'user', content: 'Hello' }]
const model = openai('gpt-5-mini')
const city = schemaOf({ type: 'object' }, (value) => value as { city: string })
const tools = { weather: { input: city }, now: {}, plain: { input: { type: 'object' } } } as const

export async function withoutOutput(): Promise<void> {
  const bare = await complete({ model, messages })
  same<typeof bare, Completion<undefined>>(true)
  same<typeof bare.output, undefined>(true)
  same<typeof bare.toolCalls, readonly ToolCall[]>(true)
  // @ts-expect-error nothing was asked for
  void bare.output.name
}

export async function withOutput(): Promise<void> {
  const output = personSchema()
  const typed = await complete({ model, messages, output })
  same<typeof typed.output, Person>(true)
  const perhaps = await complete({ model, messages, output: wanted ? output : undefined })
  same<typeof perhaps.output, Person | undefined>(true)
  // @ts-expect-error the person has no such member
  void typed.output.surname
  const own = await client.complete({ messages, output }, { timeout: 1 })
  same<typeof own.output, Person>(true)
  const made = await createClient().complete({ messages, output })
  same<typeof made.output, Person>(true)
  const named = await complete({ model, messages, output: { schema: output, name: 'person' } })
  same<typeof named.output, Person>(true)
  const validatesOnly = output as StandardSchema<unknown, Person>
  const pair = await complete({ model, messages, output: { schema: validatesOnly, jsonSchema: { type: 'object' } } })
  same<typeof pair.output, Person>(true)
  const plain = await complete({ model, messages, output: { type: 'object', properties: {} } })
  same<typeof plain.output, unknown>(true)
  // @ts-expect-error it says no JSON Schema, so that there would be nothing to send
  await complete({ model, messages, output: validatesOnly })
  // @ts-expect-error a text is no schema
  await complete({ model, messages, output: 'person' })
}

export async function withTools(): Promise<void> {
  const { output, toolCalls } = await complete({ model, messages, tools, output: personSchema() })
  same<typeof output, Person | undefined>(true)
  same<(typeof toolCalls)[number]['name'], 'weather' | 'now' | 'plain'>(true)
  for (const call of toolCalls) {
    if (call.name === 'weather') same<typeof call.input, { city: string } | undefined>(true)
    if (call.name === 'now') same<typeof call.input, Readonly<Record<string, unknown>> | undefined>(true)
    if (call.name === 'plain') same<typeof call.input, unknown>(true)
    // @ts-expect-error no tool has this name
    if (call.name === 'wether') return
  }
  await complete({ model, messages, tools, toolChoice: { name: 'now' } })
  // @ts-expect-error no tool has this name
  await complete({ model, messages, tools, toolChoice: { name: 'wether' } })
  // @ts-expect-error a tool has an `input`
  await complete({ model, messages, tools: { now: { parameters: {} } } })
}

export async function requests(request: Request): Promise<void> {
  const any = await complete(request)
  same<typeof any.output, unknown>(true)
  same<(typeof any.toolCalls)[number]['name'], string>(true)
  // @ts-expect-error it is called maxTokens
  await complete({ model, messages, max_tokens: 5 })
  const kept: Request = { model, messages, tools, output: personSchema(), outputRetries: 0 }
  await complete(kept)
  const undone: Request = { model: undefined, messages, tools: undefined, output: undefined, toolChoice: undefined }
  await complete(undone)
  const { message, ...completion }: Completion = await complete({ model, messages, output: personSchema(), tools })
  await complete({ model, messages: [...messages, message, { role: 'user', content: completion.text }] })
}

/** A wrapper of somebody's own, in a library that writes declarations. */
export async function asked<S extends SchemaWithJson>(output: S): Promise<SchemaOutput<S>> {
  return (await complete({ model, messages, output })).output
}
export const passed = <T extends ToolSet = NoTools, O extends OutputSpec | undefined = undefined>(
  request: Request<T, O>,
): Promise<Completion<OutputOf<O, T>, ToolCallOf<T>>> => complete(request)

export async function wrapped(): Promise<void> {
  same<Awaited<ReturnType<typeof asked<ReturnType<typeof personSchema>>>>, Person>(true)
  const through = await passed({ messages, output: personSchema() })
  same<typeof through.output, Person>(true)
}

/** JSON Schema as other libraries type it. */
interface JSONSchema7 {
  type?: 'object' | 'string' | ('object' | 'string')[] | undefined
  properties?: { [name: string]: JSONSchema7 | boolean } | undefined
  required?: string[] | undefined
}
declare const schema7: JSONSchema7

export async function tooled(): Promise<void> {
  const { output } = await complete({ model, messages, output: schema7 })
  same<typeof output, unknown>(true)
  await complete({ model, messages, tools: { plain: { input: schema7 } } })
  // @ts-expect-error it is called input here
  await complete({ model, messages, tools: { now: { description: 'x', parameters: city } } })
  // @ts-expect-error nothing is executed
  await complete({ model, messages, tools: { now: { input: city, execute: () => 3 } } })
  for await (const event of client.stream({ messages, tools })) {
    if (event.type === 'tool_call' && event.toolCall.name === 'weather')
      same<typeof event.toolCall.input, { city: string } | undefined>(true)
  }
}

export function fetched(): Options[] {
  return [
    { fetch: globalThis.fetch },
    { fetch: undiciFetch },
    { fetch: async (url: string, init?: RequestInit) => new Response(`${url} ${init?.method}`) },
    { metadata: { user: undefined } },
    // @ts-expect-error what gives no response is no fetch
    { fetch: async () => 'text' },
  ]
}

export function served(): void {
  const hook = fastifyHook({ deadline: ({ headers }) => (headers['x-soon'] ? 3 : undefined) })
  same<Parameters<typeof hook>[0], ServedRequest>(true)
  expressMiddleware({ deadline: (request: { path: string }) => request.path.length })
}

export function failed(error: CompletionError): void {
  same<ReturnType<typeof error.toJSON>['retryable'], boolean>(true)
  client.stream({ messages }).toReadableStream().pipeThrough(new TextDecoderStream())
}
