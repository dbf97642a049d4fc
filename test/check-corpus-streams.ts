import { readdirSync, readFileSync } from 'node:fs'
import { createClient } from '../src/edge.ts'
import { anthropic } from '../src/providers/anthropic.ts'
import { gemini } from '../src/providers/gemini.ts'
import { openai } from '../src/providers/openai.ts'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import { isCompletionError } from '../src/vocabulary/errors.ts'
import type { Model } from '../src/vocabulary/provider.ts'
import type { ToolCall, Usage } from '../src/vocabulary/result.ts'

/** What a recorded stream is expected to give. */
interface Recorded {
  readonly id: string
  readonly provider: string
  readonly wire: string
  readonly text: string
  readonly reasoning: string | null
  readonly finishReason: string | null
  readonly toolCalls: readonly { id: string | null; name: string; arguments: string }[]
  readonly usage: { inputTokens: number; outputTokens: number; totalTokens: number } | null
  readonly error: { code: string; retryable: boolean } | null
  /** Where the transport split it, as offsets in bytes. */
  readonly boundaries?: readonly number[]
}

/** What a whole call made of it. */
interface Outcome {
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  readonly usage: Usage | undefined
  readonly finishReason: string | undefined
  readonly error: { readonly code: string; readonly retryable: boolean } | undefined
}

const WIRES = ['openai', 'anthropic', 'gemini']

/** Streams each recording through a whole call: in one piece, at its own boundaries, byte by byte, and in pieces of odd sizes. */
export async function scoreStreamedCalls(corpus: URL): Promise<{ total: number; misses: readonly string[] }> {
  const folder = new URL('streams/', corpus)
  const misses: string[] = []
  let total = 0
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const recorded = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded
    if (!WIRES.includes(recorded.wire)) continue
    const bytes = new Uint8Array(readFileSync(new URL(name.replace(/json$/, 'txt'), folder)))
    for (const [how, chunks] of Object.entries(splits(bytes, recorded.boundaries ?? []))) {
      total++
      const problems = differences(await play(modelOf(recorded), chunks), recorded)
      if (problems.length) misses.push(`${recorded.id}, ${how}: ${problems.join('; ')}`)
    }
  }
  return { total, misses }
}

function splits(bytes: Uint8Array, boundaries: readonly number[]): Record<string, Uint8Array[]> {
  const every = (size: number): number[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size)
  return {
    'in one piece': [bytes],
    'byte by byte': cut(bytes, every(1)),
    'in pieces of 7': cut(bytes, every(7)),
    ...(boundaries.length > 0 && { 'at its boundaries': cut(bytes, boundaries) }),
  }
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [...new Set([0, ...at, bytes.length])].toSorted((one, other) => one - other)
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
}

function modelOf({ provider, wire }: Recorded): Model {
  const apiKey = 'recorded-key-0123456789'
  if (wire === 'anthropic') return anthropic({ apiKey })('m')
  if (wire === 'gemini') return gemini({ apiKey })('m')
  if (provider === 'openai') return openai({ apiKey })('m')
  return openaiCompatible({ name: provider, baseURL: 'http://localhost/v1', apiKey })('m')
}

async function play(model: Model, chunks: readonly Uint8Array[]): Promise<Outcome> {
  const body = ReadableStream.from<Uint8Array>(chunks)
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
  const client = createClient({ fetch: fetch as typeof globalThis.fetch, retry: false })
  const stream = client.stream({ model, messages: [{ role: 'user', content: 'Hello' }] })
  let text = ''
  let reasoning = ''
  try {
    for await (const event of stream) {
      if (event.type === 'text') text += event.text
      else if (event.type === 'reasoning') reasoning += event.text
    }
    const { toolCalls, usage, finishReason, ...completion } = await stream.completion
    // What was told piece by piece and what stands in the completion are one thing.
    if (completion.text !== text) text = `${text} ≠ ${completion.text}`
    return { text, reasoning, toolCalls, usage, finishReason, error: undefined }
  } catch (error) {
    if (!isCompletionError(error)) throw error
    const { toolCalls = [], usage } = error.partial ?? {}
    return { text, reasoning, toolCalls, usage, finishReason: undefined, error }
  }
}

function differences(got: Outcome, expected: Recorded): string[] {
  const problems: string[] = []
  const compare = (name: string, seen: unknown, wanted: unknown): void => {
    if (seen !== wanted)
      problems.push(`${name}: ${JSON.stringify(seen)?.slice(0, 80)}, not ${JSON.stringify(wanted)?.slice(0, 80)}`)
  }
  compare('error', got.error?.code, expected.error?.code)
  compare('retryable', got.error?.retryable, expected.error?.retryable)
  compare('text', got.text, expected.text)
  compare('reasoning', got.reasoning || null, expected.reasoning)
  if (!expected.error) compare('finishReason', got.finishReason, expected.finishReason ?? 'other')
  compare('toolCalls', got.toolCalls.length, expected.toolCalls.length)
  for (const [index, wanted] of expected.toolCalls.entries()) {
    const call = got.toolCalls[index]
    if (wanted.id !== null) compare('id', call?.id, wanted.id)
    compare('name', call?.name, wanted.name)
    compare('arguments', call?.arguments, wanted.arguments)
  }
  for (const key of ['inputTokens', 'outputTokens', 'totalTokens'] as const) {
    compare(key, got.usage?.[key], expected.usage?.[key])
  }
  return problems
}
