import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anthropic } from '../src/providers/anthropic.ts'
import { bodyOf, streamed } from './support/wire.ts'

const model = anthropic({ apiKey: 'k' })('m')
const { provider } = model

function body(content: object[], over: object = {}): object {
  return { type: 'message', id: 'msg-1', model: 'claude-x', content, stop_reason: 'end_turn', ...over }
}

function answer(content: object[], over: object = {}): Record<string, unknown> {
  const parsed = provider.parse(body(content, over))
  expect(parsed.kind).toBe('answer')
  return JSON.parse(JSON.stringify((parsed as { answer: object }).answer)) as Record<string, unknown>
}

describe('a message', () => {
  test('says its text, reason, usage, id and model', () => {
    const usage = { input_tokens: 5, cache_read_input_tokens: 3, cache_creation_input_tokens: 2, output_tokens: 4 }
    expect(answer([{ type: 'text', text: 'Yes.' }], { usage })).toEqual({
      text: 'Yes.',
      toolCalls: [],
      finishReason: 'stop',
      id: 'msg-1',
      model: 'claude-x',
      usage: { inputTokens: 10, outputTokens: 4, totalTokens: 14, cachedInputTokens: 3, cacheWriteTokens: 2 },
    })
  })

  test.each([
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'other'],
    ['toString', 'other'],
  ])('the stop reason %s is read as %s', (stop_reason, expected) => {
    expect(answer([], { stop_reason })['finishReason']).toBe(expected)
  })

  test('goes back exactly as it came', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'server_tool_use', id: 'srv', name: 'web_search', input: { query: 'q' } },
      { type: 'text', text: 'Yes.' },
      { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } },
    ]
    const { reasoning, text, parts, toolCalls } = answer(content, { stop_reason: 'tool_use' })
    expect({ reasoning, text }).toEqual({ reasoning: 'Hm', text: 'Yes.' })
    const message = { role: 'assistant', content: parts, toolCalls } as never
    expect(bodyOf(model, { messages: [message] })['messages']).toEqual([{ role: 'assistant', content }])
  })

  test('a call without input has an empty object', () => {
    expect(answer([{ type: 'tool_use', id: 'a', name: 'look', input: {} }])['toolCalls']).toEqual([
      { id: 'a', name: 'look', arguments: '{}' },
    ])
  })

  test('an error object is an error', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'm' } }
    expect(provider.parse(error)).toEqual({ kind: 'error', error })
  })

  test('missing content or stop reason is incomplete', () => {
    expect(provider.parse({ type: 'message' }).kind).toBe('incomplete')
    const cut = body([{ type: 'text', text: 'Ye' }], { stop_reason: null })
    expect(provider.parse(cut)).toMatchObject({ kind: 'incomplete', partial: { text: 'Ye' } })
  })
})

describe('a stream', () => {
  const start = {
    type: 'message_start',
    message: {
      id: 'msg-1',
      model: 'claude-x',
      usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 1 },
    },
  }
  const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
  const delta = (index: number, piece: object) => ({ type: 'content_block_delta', index, delta: piece })

  test('says text, corrected usage, reason and end', () => {
    const parts = streamed(
      provider,
      ['message_start', start],
      { type: 'ping' },
      block(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'Yes' }),
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 6, output_tokens: 3, x: null },
      },
      { type: 'message_stop' },
    )
    expect(parts).toEqual([
      { type: 'meta', id: 'msg-1', model: 'claude-x' },
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 1, totalTokens: 8, cachedInputTokens: 2 } },
      { type: 'ping' },
      { type: 'text', text: 'Yes' },
      { type: 'finish', finishReason: 'stop' },
      { type: 'usage', usage: { inputTokens: 8, outputTokens: 3, totalTokens: 11, cachedInputTokens: 2 } },
      { type: 'end', complete: true },
    ])
  })

  test('thoughts keep their signatures, each part its own', () => {
    const parts = streamed(
      provider,
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      delta(0, { type: 'signature_delta', signature: 's' }),
      block(1, { type: 'redacted_thinking', data: 'd' }),
      block(2, { type: 'text', text: '' }),
      delta(2, { type: 'citations_delta', citation: {} }),
      delta(2, { type: 'text_delta', text: 'Yes' }),
    )
    expect(parts).toEqual([
      { type: 'reasoning', text: 'Hm' },
      { type: 'reasoning', text: '', providerData: { anthropic: { signature: 's' } } },
      { type: 'part_boundary' },
      { type: 'reasoning', text: '', providerData: { anthropic: { block: { type: 'redacted_thinking', data: 'd' } } } },
      { type: 'part_boundary' },
      { type: 'text', text: 'Yes' },
    ])
  })

  test("a server tool's input travels with its block", () => {
    const parts = streamed(
      provider,
      start,
      block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{"query":' }),
      delta(0, { type: 'input_json_delta', partial_json: '"tides"}' }),
      { type: 'content_block_stop', index: 0 },
    )
    const whole = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'tides' } }
    expect(parts.at(-1)).toEqual({ type: 'reasoning', text: '', providerData: { anthropic: { block: whole } } })
    expect(parts.slice(-3, -1)).toEqual([{ type: 'other_content' }, { type: 'other_content' }])
  })

  test('calls are numbered among themselves', () => {
    const parts = streamed(
      provider,
      block(0, { type: 'text', text: '' }),
      block(1, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      delta(1, { type: 'input_json_delta', partial_json: '' }),
      delta(1, { type: 'input_json_delta', partial_json: '{"x":1}' }),
      block(2, { type: 'tool_use', id: 'b', name: 'g', input: { y: 2 } }),
    )
    expect(parts).toEqual([
      { type: 'tool_call', index: 0, id: 'a', name: 'f', arguments: '' },
      { type: 'tool_call', index: 0, arguments: '{"x":1}' },
      { type: 'tool_call', index: 1, id: 'b', name: 'g', arguments: '{"y":2}' },
    ])
  })

  test('an error may come first or in the middle', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'm' } }
    expect(streamed(provider, ['error', error])).toEqual([{ type: 'error', error }])
    expect(streamed(provider, start, error).at(-1)).toEqual({ type: 'error', error })
    expect(streamed(provider, { error: { message: 'm' } })).toMatchObject([{ type: 'error' }])
  })

  test('what is no JSON object is malformed', () => {
    expect(streamed(provider, '{"type":', '[DONE]')).toMatchObject([{ type: 'malformed' }, { type: 'malformed' }])
  })

  test('an end without any content proves nothing', () => {
    expect(streamed(provider, start, { type: 'message_stop' }).at(-1)).toEqual({ type: 'end', complete: false })
  })

  test('no body and no event makes it throw', () => {
    const type = fc.constantFrom('message_start', 'content_block_start', 'content_block_delta', 'message_delta', 'x')
    fc.assert(
      fc.property(type, fc.jsonValue(), fc.jsonValue(), (name, one, other) => {
        provider.parse(one)
        provider.parse(body([one as object, { type: 'tool_use', input: one }], { usage: other }))
        const read = provider.streamReader?.()
        const event = { type: name, message: one, content_block: one, index: 0, delta: other, usage: one }
        for (const data of [event, one, { ...event, content_block: { type: 'tool_use', input: one } }]) {
          read?.({ event: undefined, data: JSON.stringify(data) })
        }
      }),
      { numRuns: 300 },
    )
  })
})
