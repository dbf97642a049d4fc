import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'

const { provider } = openaiCompatible({ name: 'local', baseURL: 'http://localhost/v1' })('m')

function answered(message: object, over: object = {}): object {
  return { id: 'r-1', model: 'm-1', choices: [{ index: 0, message, finish_reason: 'stop', ...over }] }
}

function answer(message: object, over: object = {}): Record<string, unknown> {
  const parsed = provider.parse(answered(message, over))
  expect(parsed.kind).toBe('answer')
  return JSON.parse(JSON.stringify((parsed as { answer: object }).answer)) as Record<string, unknown>
}

describe('an answer', () => {
  test('says its text, reason, id and model', () => {
    expect(answer({ content: 'Yes.' })).toEqual({
      text: 'Yes.',
      toolCalls: [],
      finishReason: 'stop',
      id: 'r-1',
      model: 'm-1',
    })
  })

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['eos_token', 'stop'],
    ['model_length', 'length'],
    ['content_filter: RECITATION', 'content_filter'],
    ['sensitive', 'content_filter'],
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['COMPLETE', 'stop'],
    ['refusal', 'content_filter'],
    ['model_context_window_exceeded', 'length'],
    ['weather', 'other'],
    ['constructor', 'other'],
  ])('the finish reason %s is read as %s', (finish_reason, expected) => {
    expect(answer({ content: '' }, { finish_reason })['finishReason']).toBe(expected)
  })

  test('a refusal stands beside the text', () => {
    expect(answer({ content: null, refusal: 'No.' })).toMatchObject({ text: '', refusal: 'No.' })
  })

  test('reasoning comes by either name and becomes a part', () => {
    for (const field of ['reasoning_content', 'reasoning']) {
      expect(answer({ content: 'Yes.', [field]: 'Hm.' })).toMatchObject({
        reasoning: 'Hm.',
        parts: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'Yes.' },
        ],
      })
    }
  })

  test('content may be an array of thinking and text', () => {
    const content = [
      {
        type: 'thinking',
        thinking: [
          { type: 'text', text: 'H' },
          { type: 'text', text: 'm' },
        ],
      },
      { type: 'text', text: 'Yes.' },
    ]
    expect(answer({ content })).toMatchObject({ text: 'Yes.', reasoning: 'Hm' })
  })

  test('reasoning details say the thoughts where nothing else does', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'H' },
      { type: 'reasoning.text', text: 'm' },
    ]
    expect(answer({ content: 'Yes.', reasoning_details })).toMatchObject({ text: 'Yes.', reasoning: 'Hm' })
    expect(answer({ content: 'Yes.', reasoning: 'Well', reasoning_details })).toMatchObject({ reasoning: 'Well' })
  })

  test('reasoning details travel back in provider data', () => {
    const reasoning_details = [{ type: 'reasoning.encrypted', data: 'abc' }]
    expect(answer({ content: 'Yes.', reasoning_details })['providerData']).toEqual({ local: { reasoning_details } })
    const thinking_blocks = [{ type: 'thinking', thinking: 'Hm', signature: 's' }]
    expect(answer({ content: 'Yes.', thinking_blocks })['providerData']).toEqual({ local: { thinking_blocks } })
  })

  test('arguments are kept as the model wrote them', () => {
    const call = (id: string | undefined, args: unknown) => ({ id, function: { name: 'f', arguments: args } })
    const tool_calls = [call('a', '{"x":'), call('b', { y: 1 }), call('c', null), call(undefined, '')]
    const { toolCalls } = answer({ content: null, tool_calls })
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":' },
      { id: 'b', name: 'f', arguments: '{"y":1}' },
      { id: 'c', name: 'f', arguments: '' },
      { id: 'call_r-1_3', name: 'f', arguments: '' },
    ])
  })

  test('usage counts caches and reasoning', () => {
    const parsed = provider.parse({
      ...answered({ content: 'Yes.' }),
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 20,
        prompt_cache_hit_tokens: 6,
        completion_tokens_details: { reasoning_tokens: 6 },
        prompt_tokens_details: { cache_write_tokens: 1 },
      },
    })
    expect(parsed).toMatchObject({
      answer: {
        usage: {
          inputTokens: 10,
          outputTokens: 4,
          totalTokens: 20,
          reasoningTokens: 6,
          cachedInputTokens: 6,
          cacheWriteTokens: 1,
        },
      },
    })
  })
})

describe('what is no answer', () => {
  test.each([
    ['an error object', { error: { message: 'm' } }],
    ['an error string', { error: 'm' }],
    ['a flat error', { object: 'error', message: 'm', code: 400 }],
    ['an error with choices beside it', { ...answered({ content: '' }), error: { code: 502 } }],
    ['an error in an array', [{ error: { code: 503 } }]],
    ['a detail', { detail: 'Not authenticated' }],
    ["MiniMax' word", { choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }],
  ])('%s is an error', (_, body) => {
    expect(provider.parse(body)).toEqual({ kind: 'error', error: Array.isArray(body) ? body[0] : body })
  })

  test("a choice's error is put into an envelope", () => {
    const error = { code: 502, message: 'm' }
    expect(provider.parse(answered({ content: '' }, { error }))).toEqual({ kind: 'error', error: { error } })
  })

  test('so is one that is a text', () => {
    expect(provider.parse(answered({ content: '' }, { error: 'm' }))).toEqual({ kind: 'error', error: { error: 'm' } })
  })

  test('a finish reason that means failure is an error', () => {
    const parsed = provider.parse(answered({ content: 'Ye' }, { finish_reason: 'insufficient_system_resource' }))
    expect(parsed).toMatchObject({ kind: 'error', error: { error: { code: 'insufficient_system_resource' } } })
    const { error } = parsed as { error: unknown }
    const failure = { status: 200, headers: {}, body: '', json: error, inBand: true }
    expect(provider.classify?.(failure)).toEqual({ code: 'overloaded', retryable: true })
    expect(provider.classify?.({ ...failure, json: null })).toBeUndefined()
  })

  test.each([
    ['no object', 'text'],
    ['no choices', { choices: [] }],
    ['no message', { choices: [{ finish_reason: 'stop' }] }],
  ])('%s is incomplete', (_, body) => {
    expect(provider.parse(body).kind).toBe('incomplete')
  })

  test('an answer without a finish reason is incomplete but kept', () => {
    const body = answered({ content: 'Ye' }, { finish_reason: null })
    expect(provider.parse(body)).toMatchObject({ kind: 'incomplete', partial: { text: 'Ye' } })
    const cortex = openaiCompatible({ name: 'cortex', baseURL: 'http://localhost/v1', noFinishReason: true })('m')
    expect(cortex.provider.parse(body)).toMatchObject({ kind: 'answer', answer: { text: 'Ye', finishReason: 'other' } })
  })

  test('no JSON makes it throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
        provider.parse(value)
        provider.parse({ choices: [value] })
        provider.parse(answered({ content: value, tool_calls: [other], reasoning_details: other }, { error: value }))
        provider.parse({ ...answered({ content: '', tool_calls: [{ function: { arguments: value } }] }), usage: other })
      }),
      { numRuns: 300 },
    )
  })
})

describe('what servers say in other places', () => {
  test('a failure may come after the beginning of an answer', () => {
    const error = { code: 502, message: 'x' }
    expect(provider.parse(answered({ content: 'Par' }, { finish_reason: 'error', error }))).toMatchObject({
      kind: 'error',
      partial: { text: 'Par' },
    })
  })

  test.each(['network_error', 'abort', 'ERROR'])('the finish reason %s is a failure', (finish_reason) => {
    expect(provider.parse(answered({ content: 'Par' }, { finish_reason })).kind).toBe('error')
  })

  test('a function call that the server could not read is no answer', () => {
    const parsed = provider.parse(
      answered({ content: '' }, { finish_reason: 'function_call_filter: MALFORMED_FUNCTION_CALL' }),
    )
    expect(parsed).toMatchObject({ kind: 'incomplete', problem: expect.stringContaining('function call') })
  })

  test('usage may have its details beside its sums, and stand in the choice', () => {
    const usage = { prompt_tokens: 19, completion_tokens: 13, total_tokens: 32, cached_tokens: 10, reasoning_tokens: 4 }
    expect(answer({ content: 'Yes.' }, { usage })['usage']).toEqual({
      inputTokens: 19,
      outputTokens: 13,
      totalTokens: 32,
      reasoningTokens: 4,
      cachedInputTokens: 10,
    })
  })
})
