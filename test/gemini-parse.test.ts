import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gemini } from '../src/providers/gemini.ts'
import { bodyOf, streamed } from './support/wire.ts'

const model = gemini({ apiKey: 'k' })('gemini-2.5-flash')
const { provider } = model

function body(parts: object[] | undefined, over: object = {}): object {
  const candidate = { content: { role: 'model', ...(parts && { parts }) }, finishReason: 'STOP', index: 0, ...over }
  return { candidates: [candidate], responseId: 'resp-1', modelVersion: 'gemini-x' }
}

function answer(parts: object[] | undefined, over: object = {}): Record<string, unknown> {
  const parsed = provider.parse(body(parts, over))
  expect(parsed.kind).toBe('answer')
  return JSON.parse(JSON.stringify((parsed as { answer: object }).answer)) as Record<string, unknown>
}

describe('an answer', () => {
  test('says its text, reason, id and model', () => {
    expect(answer([{ text: 'Ye' }, { text: 's.' }])).toEqual({
      text: 'Yes.',
      toolCalls: [],
      finishReason: 'stop',
      id: 'resp-1',
      model: 'gemini-x',
    })
  })

  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['SPII', 'content_filter'],
    ['LANGUAGE', 'other'],
    ['valueOf', 'other'],
  ])('the finish reason %s is read as %s', (finishReason, expected) => {
    expect(answer(undefined, { finishReason })['finishReason']).toBe(expected)
  })

  test('an end in calls is an end for calls', () => {
    const { finishReason, toolCalls } = answer([
      { functionCall: { name: 'f', args: { x: 1 } }, thoughtSignature: 's' },
      { functionCall: { name: 'g', id: 'own' } },
    ])
    expect(finishReason).toBe('tool_calls')
    expect(toolCalls).toEqual([
      { id: 'call_resp-1_0', name: 'f', arguments: '{"x":1}', providerData: { gemini: { thoughtSignature: 's' } } },
      { id: 'own', name: 'g', arguments: '{}', providerData: { gemini: { id: 'own' } } },
    ])
  })

  test('goes back exactly as it came', () => {
    const sent = [
      { text: 'Hm', thought: true, thoughtSignature: 's' },
      { text: 'Yes' },
      { executableCode: { language: 'PYTHON', code: '1' } },
      { text: '', thoughtSignature: 't' },
      { functionCall: { name: 'f', args: {} }, thoughtSignature: 'u' },
    ]
    const { reasoning, text, parts, toolCalls } = answer(sent)
    expect({ reasoning, text }).toEqual({ reasoning: 'Hm', text: 'Yes' })
    const message = { role: 'assistant', content: parts, toolCalls } as never
    expect(bodyOf(model, { messages: [message] })['contents']).toEqual([{ role: 'model', parts: sent }])
  })

  test('a stream sent as one array is an answer', () => {
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1 }
    const chunks = [body([{ text: 'Ye' }], { finishReason: undefined }), { ...body([{ text: 's' }]), usageMetadata }]
    expect(provider.parse(chunks)).toMatchObject({
      kind: 'answer',
      answer: { text: 'Yes', finishReason: 'stop', usage: { totalTokens: 2 } },
    })
  })

  test('usage counts thoughts as output', () => {
    const usageMetadata = {
      promptTokenCount: 7,
      candidatesTokenCount: 3,
      thoughtsTokenCount: 5,
      cachedContentTokenCount: 2,
      totalTokenCount: 15,
    }
    expect(provider.parse({ ...body([{ text: 'Yes' }]), usageMetadata })).toMatchObject({
      answer: {
        usage: { inputTokens: 7, outputTokens: 8, totalTokens: 15, reasoningTokens: 5, cachedInputTokens: 2 },
      },
    })
  })
})

describe('what is no answer', () => {
  test('an error counts also inside an array', () => {
    const error = { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }
    expect(provider.parse([error])).toEqual({ kind: 'error', error })
  })

  test('an error counts also behind content in an array', () => {
    const content = { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }
    expect(provider.parse([content, { error: { code: 503, status: 'UNAVAILABLE' } }])).toMatchObject({ kind: 'error' })
  })

  test('a refused prompt is a content filter', () => {
    const refused = { promptFeedback: { blockReason: 'SAFETY' } }
    expect(provider.parse(refused)).toEqual({ kind: 'error', error: refused })
    const failure = { status: 200, headers: {}, body: '', json: refused, inBand: true }
    expect(provider.classify?.(failure)).toEqual({ code: 'content_filter', retryable: false })
    expect(provider.classify?.({ ...failure, json: [] })).toBeUndefined()
  })

  test.each([
    ['no candidates', { candidates: [] }],
    ['no finish reason', body([{ text: 'Ye' }], { finishReason: undefined })],
    ['a call that could not be read', body([], { finishReason: 'MALFORMED_FUNCTION_CALL' })],
    ['a call without its signature', body([], { finishReason: 'MISSING_THOUGHT_SIGNATURE' })],
  ])('%s is incomplete', (_, value) => {
    expect(provider.parse(value).kind).toBe('incomplete')
  })
})

describe('a stream', () => {
  const chunk = (parts: object[], over: object = {}) => body(parts, { finishReason: undefined, ...over })

  test('says text, thoughts, usage and reason', () => {
    const parts = streamed(provider, chunk([{ text: 'Hm', thought: true }]), chunk([{ text: 'Ye' }]), {
      ...chunk([{ text: 's' }], { finishReason: 'STOP' }),
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 },
    })
    expect(parts).toEqual([
      { type: 'meta', id: 'resp-1', model: 'gemini-x' },
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'Ye' },
      { type: 'text', text: 's' },
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
      { type: 'finish', finishReason: 'stop' },
    ])
  })

  test('a signature keeps to its own part', () => {
    const parts = streamed(
      provider,
      chunk([{ text: 'A' }]),
      chunk([{ text: '', thoughtSignature: 's' }, { text: 'B' }, { text: '' }]),
    )
    expect(parts.slice(1)).toEqual([
      { type: 'text', text: 'A' },
      { type: 'part_boundary' },
      { type: 'text', text: '', providerData: { gemini: { thoughtSignature: 's' } } },
      { type: 'part_boundary' },
      { type: 'text', text: 'B' },
    ])
  })

  test('calls are numbered over the whole stream', () => {
    const call = (name: string) => chunk([{ functionCall: { name, args: {} } }])
    const parts = streamed(provider, call('f'), call('g'), chunk([{ text: '' }], { finishReason: 'STOP' }))
    expect(parts.slice(1)).toEqual([
      { type: 'tool_call', index: 0, id: 'call_resp-1_0', name: 'f', arguments: '{}' },
      { type: 'tool_call', index: 1, id: 'call_resp-1_1', name: 'g', arguments: '{}' },
      { type: 'finish', finishReason: 'tool_calls' },
    ])
  })

  test('errors, refusals and broken calls are told apart', () => {
    const parts = streamed(
      provider,
      { error: { code: 503 } },
      JSON.stringify([{ error: { code: 503 } }]),
      { promptFeedback: { blockReason: 'OTHER' } },
      body([], { finishReason: 'MALFORMED_FUNCTION_CALL' }),
      '{"candidates":',
    )
    expect(parts.map((part) => part.type)).toEqual(['error', 'error', 'error', 'meta', 'malformed', 'malformed'])
  })

  test('no body and no event makes it throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const read = provider.streamReader?.()
        const shapes = [
          one,
          { candidates: one, usageMetadata: other, promptFeedback: one },
          body([one as object, { functionCall: one }, { functionCall: { name: other, args: one } }], {
            finishReason: other,
          }),
        ]
        provider.parse([one, { candidates: [other] }])
        for (const shape of shapes) {
          provider.parse(shape)
          read?.({ event: undefined, data: JSON.stringify(shape) })
        }
      }),
      { numRuns: 300 },
    )
  })
})
