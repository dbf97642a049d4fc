import { existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Classification, ClassifyContext } from '../src/classify/classify.ts'
import { classify } from '../src/classify/classify.ts'
import { openEnvelope } from '../src/classify/envelope.ts'
import type { Observation } from '../src/classify/observation.ts'
import { anthropic } from '../src/providers/anthropic.ts'
import { azureOpenAI } from '../src/providers/azure.ts'
import { gemini } from '../src/providers/gemini.ts'
import { openai } from '../src/providers/openai.ts'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import * as presets from '../src/providers/presets.ts'
import type { Model } from '../src/vocabulary/provider.ts'
import { type Score, scoreResponses, scoreStreams } from './check-corpus-answers.ts'
import { scoreStreamedCalls } from './check-corpus-streams.ts'

/**
 * Scores the library against recorded provider behaviour, where that is at hand; each section prints its score and every miss.
 * Run by `npm run check:corpus`.
 */

interface Section {
  readonly name: string
  readonly run: (corpus: URL) => Score | Promise<Score>
  /** The share below which the check fails. */
  readonly least: number
}

interface RecordedError {
  readonly id: string
  readonly provider: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly inStream: boolean
  /** The clock to use for dates. */
  readonly now?: string
  readonly expect: {
    readonly code: string
    readonly retryable: boolean
    readonly retryAfterMs: number | null
    readonly providerCode: string | null
    readonly message: string | null
  }
}

function scoreErrors(corpus: URL): Score {
  const lines = readFileSync(new URL('errors.jsonl', corpus), 'utf8').split('\n').filter(Boolean)
  const recorded = lines.map((line) => JSON.parse(line) as RecordedError)
  const misses = recorded.flatMap((entry) => {
    const differences = compareError(entry, classify(observe(entry), contextOf(entry)))
    return differences.length === 0 ? [] : [`${entry.id}: ${differences.join(', ')}`]
  })
  return { total: recorded.length, misses }
}

/** As its provider reads it: our own of that name, else a server that speaks OpenAI's wire. */
function contextOf({ provider, now }: RecordedError): ClassifyContext {
  const own = ({ openai, azure: azureOpenAI, anthropic, gemini, ...presets } as Record<string, (id: string) => Model>)[
    provider
  ]
  const model = own ? own('m') : openaiCompatible({ name: provider, baseURL: 'http://localhost/v1' })('m')
  return {
    provider,
    classify: model.provider.classify,
    wallNow: now === undefined ? Date.now() : Date.parse(now),
  }
}

/** What a reader of the answer would have reported: an error object found in a 200, or an answer that is none. */
function observe(entry: RecordedError): Observation {
  const headers = Object.fromEntries(Object.entries(entry.headers).map(([name, value]) => [name.toLowerCase(), value]))
  const response = { status: entry.status, headers, body: entry.body }
  if (entry.status !== 200) return { kind: 'status', response }
  const { json, names } = openEnvelope(headers, entry.body)
  const carriesError =
    /"(?:error|error_message)"\s*:/.test(entry.body) || names.has('error') || /blockReason/.test(entry.body)
  if (carriesError) return { kind: 'in_band', response, json }
  return { kind: 'invalid', response, problem: 'the answer is empty', retryable: true }
}

/** The primary reading: code, whether to retry, the hint (up to a millisecond more), the provider's code and its words. */
function compareError({ expect }: RecordedError, got: Classification): readonly string[] {
  const differences: string[] = []
  const differ = (name: string, wanted: unknown, seen: unknown) =>
    differences.push(`${name} ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`)
  if (got.code !== expect.code) differ('code', expect.code, got.code)
  if (got.retryable !== expect.retryable) differ('retryable', expect.retryable, got.retryable)
  const hint = got.retryAfterMs ?? null
  const near = hint !== null && expect.retryAfterMs !== null && Math.abs(hint - expect.retryAfterMs) <= 1
  if (hint !== expect.retryAfterMs && !near) differ('retryAfterMs', expect.retryAfterMs, hint)
  if ((got.providerCode ?? null) !== expect.providerCode) differ('providerCode', expect.providerCode, got.providerCode)
  if (expect.message !== null && got.providerMessage?.trim() !== expect.message.trim()) {
    differ('message', expect.message.slice(0, 200), got.providerMessage?.slice(0, 200))
  }
  return differences
}

const SECTIONS: readonly Section[] = [
  { name: 'errors', run: scoreErrors, least: 0.99 },
  { name: 'responses', run: scoreResponses, least: 1 },
  { name: 'streams', run: scoreStreams, least: 1 },
  { name: 'streams through whole calls', run: scoreStreamedCalls, least: 1 },
]

const [given] = process.argv.slice(2)
const corpus = given === undefined ? new URL('../../shared/corpus/', import.meta.url) : pathToFileURL(`${given}/`)
if (!existsSync(corpus)) {
  console.log('skipped: no corpus')
} else {
  for (const { name, run, least } of SECTIONS) {
    const { total, misses } = await run(corpus)
    const share = (total - misses.length) / total
    console.log(`${name}: ${total - misses.length}/${total} (${(share * 100).toFixed(1)} %)`)
    for (const miss of misses) console.log(`  ${miss}`)
    if (share < least) process.exitCode = 1
  }
}
