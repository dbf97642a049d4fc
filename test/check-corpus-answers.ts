import { readdirSync, readFileSync } from 'node:fs'
import { gathering } from '../src/answer/gathering.ts'
import { anthropic } from '../src/providers/anthropic.ts'
import { gemini } from '../src/providers/gemini.ts'
import { openai } from '../src/providers/openai.ts'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import type { Answer, Provider, ServerSentEvent } from '../src/vocabulary/provider.ts'

/** What a recorded answer is expected to say. */
interface Expectation {
  readonly text: string
  readonly reasoning: string | null
  readonly refusal: string | null
  readonly finishReason: string | null
  readonly toolCalls: readonly { id: string | null; name: string; arguments: string }[]
  readonly usage: { inputTokens: number; outputTokens: number; totalTokens: number } | null
  readonly model: string | null
  readonly responseId: string | null
  readonly error?: { code: string } | null
}

interface Case {
  readonly id: string
  readonly provider: string
  readonly wire: string
}

/** What was read, in the words of the expectation. */
interface Reading {
  readonly answer: Partial<Answer>
  /** 'error': the provider reported one; 'invalid': no complete answer. */
  readonly failure: 'error' | 'invalid' | undefined
}

export interface Score {
  readonly total: number
  readonly misses: readonly string[]
}

const WIRES = ['openai', 'anthropic', 'gemini']

/** Reads the recorded responses of our wires. Classification of their errors is checked elsewhere. */
export function scoreResponses(corpus: URL): Score {
  return score(new URL('responses/', corpus), (file) => {
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as Case & { body: string; expect: Expectation }
    return { recorded, expected: recorded.expect, read: () => readBody(providerOf(recorded), recorded.body) }
  })
}

/** Reads the recorded streams of our wires. */
export function scoreStreams(corpus: URL): Score {
  return score(new URL('streams/', corpus), (file) => {
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as Case & Expectation
    const bytes = readFileSync(new URL(file.href.replace(/json$/, 'txt')))
    return { recorded, expected: recorded, read: () => readStream(providerOf(recorded), bytes.toString('utf8')) }
  })
}

function score(
  folder: URL,
  load: (file: URL) => { recorded: Case; expected: Expectation; read: () => Reading },
): Score {
  let total = 0
  const misses: string[] = []
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const { recorded, expected, read } = load(new URL(name, folder))
    if (!WIRES.includes(recorded.wire)) continue
    total++
    const problems = differences(read(), expected)
    if (problems.length) misses.push(`${recorded.id}: ${problems.join('; ')}`)
  }
  return { total, misses }
}

function providerOf({ provider, wire }: Case): Provider {
  if (wire === 'anthropic') return anthropic('m').provider
  if (wire === 'gemini') return gemini('m').provider
  if (provider === 'openai') return openai('m').provider
  return openaiCompatible({ name: provider, baseURL: 'http://localhost/v1' })('m').provider
}

function readBody(provider: Provider, body: string): Reading {
  const parsed = provider.parse(JSON.parse(body))
  if (parsed.kind === 'answer') return { answer: parsed.answer, failure: undefined }
  if (parsed.kind === 'error') return { answer: {}, failure: 'error' }
  return { answer: parsed.partial ?? {}, failure: 'invalid' }
}

/** Reads a stream as the library does: it is complete with a finish reason, or with an end marker that proves it. */
function readStream(provider: Provider, bytes: string): Reading {
  const read = provider.streamReader?.()
  const gathered = gathering()
  let complete = false
  let failure: Reading['failure']
  for (const event of eventsOf(bytes)) {
    for (const part of read?.(event) ?? []) {
      gathered.add(part)
      if (part.type === 'error') failure ??= 'error'
      else if (part.type === 'malformed') failure ??= 'invalid'
      else if (part.type === 'finish' || (part.type === 'end' && part.complete)) complete = true
    }
  }
  if (!complete) failure ??= 'invalid'
  return { answer: gathered.answer(), failure }
}

/** A naive split into events, enough for whole recordings. */
function eventsOf(bytes: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  for (const block of bytes.replace(/^\uFEFF/, '').split(/(?:\r\n|\r|\n){2}/)) {
    let event: string | undefined
    const data: string[] = []
    for (const line of block.split(/\r\n|\r|\n/)) {
      const [, field, value] = /^(\w+): ?(.*)$/s.exec(line) ?? []
      if (field === 'event') event = value
      if (field === 'data') data.push(value as string)
      // Old llama.cpp builds put the error into a field of its own.
      if (field === 'error') {
        event = 'error'
        data.push(value as string)
      }
    }
    if (data.length) events.push({ event, data: data.join('\n') })
  }
  return events
}

function differences({ answer, failure }: Reading, expected: Expectation): string[] {
  const problems: string[] = []
  const compare = (name: string, got: unknown, wanted: unknown): void => {
    if (got !== wanted)
      problems.push(`${name}: ${JSON.stringify(got)?.slice(0, 60)}, not ${JSON.stringify(wanted)?.slice(0, 60)}`)
  }
  const wantedFailure = expected.error ? (expected.error.code === 'invalid_response' ? 'invalid' : 'error') : undefined
  compare('failure', failure, wantedFailure)
  if (failure && answer.text === undefined) return problems
  compare('text', answer.text, expected.text)
  compare('reasoning', answer.reasoning || null, expected.reasoning)
  compare('refusal', answer.refusal || null, expected.refusal)
  if (!failure) compare('finishReason', answer.finishReason, expected.finishReason ?? 'other')
  compare('toolCalls', answer.toolCalls?.length ?? 0, expected.toolCalls.length)
  expected.toolCalls.forEach((wanted, index) => {
    const call = answer.toolCalls?.[index]
    if (wanted.id === null) compare('an id of ours', call?.id !== '' && call?.id !== undefined, true)
    else compare('id', call?.id, wanted.id)
    compare('name', call?.name, wanted.name)
    compare('arguments', call?.arguments, wanted.arguments)
  })
  for (const key of ['inputTokens', 'outputTokens', 'totalTokens'] as const) {
    compare(key, answer.usage?.[key], expected.usage?.[key])
  }
  compare('model', answer.model ?? null, expected.model)
  compare('responseId', answer.id ?? null, expected.responseId)
  return problems
}
