import { expect, test } from 'vitest'
import { gathering } from '../src/answer/gathering.ts'
import { anthropic } from '../src/providers/anthropic.ts'
import { gemini } from '../src/providers/gemini.ts'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import { openrouter } from '../src/providers/presets.ts'
import type { Provider, StreamPart } from '../src/vocabulary/provider.ts'
import { bodyOf, streamed } from './support/wire.ts'

function gathered(parts: readonly StreamPart[]): ReturnType<typeof gathering> {
  const together = gathering()
  for (const part of parts) together.add(part)
  return together
}

/** The message that the next turn of a streamed answer sends. */
function sentBack(provider: Provider, ...events: object[]): Record<string, unknown> {
  const { text, parts, toolCalls, providerData } = gathered(streamed(provider, ...events)).answer()
  const message = { role: 'assistant' as const, content: parts ?? text, toolCalls, providerData }
  return bodyOf({ id: 'gemini-2.5-flash', provider }, { messages: [message] })
}

test('pieces become one answer', () => {
  const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }
  const together = gathered([
    { type: 'meta', id: 'r-1', model: undefined },
    { type: 'text', text: 'Ye' },
    { type: 'ping' },
    { type: 'text', text: 's' },
    { type: 'tool_call', index: 0, id: 'a', name: 'f', arguments: '{' },
    { type: 'tool_call', index: 0, arguments: '}' },
    { type: 'refusal', text: 'No' },
    { type: 'usage', usage },
    { type: 'finish', finishReason: 'tool_calls' },
    { type: 'meta', id: undefined, model: 'm-1' },
    { type: 'end', complete: true },
  ])
  const toolCalls = [{ id: 'a', name: 'f', arguments: '{}' }]
  expect(together.answer()).toEqual({
    text: 'Yes',
    refusal: 'No',
    toolCalls,
    finishReason: 'tool_calls',
    usage,
    id: 'r-1',
    model: 'm-1',
  })
  expect(together.partial()).toEqual({ text: 'Yes', reasoning: '', toolCalls, usage })
})

test('tool calls stand by their numbers, and what is said later goes over what was said', () => {
  const { answer } = gathered([
    { type: 'meta', id: 'r-1', model: 'm-1' },
    { type: 'tool_call', index: 2, arguments: '{}', providerData: { a: { one: 1, two: 1 } } },
    { type: 'tool_call', index: 0, id: 'b', name: 'g', arguments: '{}' },
    { type: 'tool_call', index: 2, arguments: '', providerData: { a: { two: 2 }, b: { one: 1 } } },
    { type: 'tool_call', index: 2, arguments: '', providerData: { b: { two: 2 } } },
    { type: 'other_content' },
    { type: 'meta', id: undefined, model: undefined },
  ])
  const providerData = { a: { one: 1, two: 2 }, b: { one: 1, two: 2 } }
  expect(answer()).toMatchObject({
    toolCalls: [
      { id: 'b', name: 'g', arguments: '{}' },
      { id: '', name: '', arguments: '{}', providerData },
    ],
    otherContent: true,
    id: 'r-1',
    model: 'm-1',
  })
})

test('nothing at all is an empty answer without a reason', () => {
  expect(gathering().answer()).toEqual({ text: '', toolCalls: [], finishReason: 'other' })
})

test('text around reasoning keeps its order', () => {
  const { answer } = gathered([
    { type: 'text', text: 'A' },
    { type: 'reasoning', text: 'B' },
    { type: 'text', text: 'C' },
    { type: 'part_boundary' },
    { type: 'text', text: 'D' },
  ])
  expect(answer()).toMatchObject({ text: 'ACD', reasoning: 'B' })
  expect(answer().parts?.map((part) => part.type === 'text' && part.text)).toEqual(['A', false, 'C', 'D'])
})

test('a streamed message goes back as Anthropic sent it', () => {
  const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
  const delta = (index: number, piece: object) => ({ type: 'content_block_delta', index, delta: piece })
  const { messages } = sentBack(
    anthropic({ apiKey: 'k' })('m').provider,
    block(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'H' }),
    delta(0, { type: 'thinking_delta', thinking: 'm' }),
    delta(0, { type: 'signature_delta', signature: 's' }),
    block(1, { type: 'redacted_thinking', data: 'd' }),
    block(2, { type: 'thinking', thinking: '', signature: '' }),
    delta(2, { type: 'thinking_delta', thinking: 'More' }),
    delta(2, { type: 'signature_delta', signature: 't' }),
    block(3, { type: 'text', text: '' }),
    delta(3, { type: 'text_delta', text: 'Yes' }),
    block(4, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
    delta(4, { type: 'input_json_delta', partial_json: '{"x":1}' }),
  )
  expect(messages).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'thinking', thinking: 'More', signature: 't' },
        { type: 'text', text: 'Yes' },
        { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      ],
    },
  ])
})

test('streamed contents go back as Gemini sent them', () => {
  const chunk = (...parts: object[]) => ({ candidates: [{ content: { parts } }], responseId: 'resp-1' })
  const { contents } = sentBack(
    gemini({ apiKey: 'k' })('m').provider,
    chunk({ text: 'Hm', thought: true }),
    chunk({ text: 'Ye' }, { text: 's' }),
    chunk({ text: '', thoughtSignature: 's' }),
    chunk({ functionCall: { name: 'f', args: {} }, thoughtSignature: 't' }),
  )
  expect(contents).toEqual([
    {
      role: 'model',
      parts: [
        { text: 'Yes' },
        { text: '', thoughtSignature: 's' },
        { functionCall: { name: 'f', args: {} }, thoughtSignature: 't' },
      ],
    },
  ])
})

test('streamed reasoning details go back to OpenRouter whole', () => {
  const chunk = (delta: object, finish_reason?: string) => ({ id: 'r-1', choices: [{ delta, finish_reason }] })
  const { messages } = sentBack(
    openrouter({ apiKey: 'k' })('m').provider,
    chunk({ reasoning: 'H', reasoning_details: [{ type: 'reasoning.text', text: 'H', index: 0 }] }),
    chunk({ reasoning: 'm', reasoning_details: [{ type: 'reasoning.text', text: 'm', index: 0, signature: 's' }] }),
    chunk({ content: 'Yes' }, 'stop'),
  )
  expect(messages).toEqual([
    {
      role: 'assistant',
      content: 'Yes',
      reasoning: 'Hm',
      reasoning_details: [{ type: 'reasoning.text', text: 'Hm', index: 0, signature: 's' }],
    },
  ])
})

test('streamed thinking blocks go back to LiteLLM whole', () => {
  const chunk = (delta: object, finish_reason?: string) => ({ id: 'r-1', choices: [{ delta, finish_reason }] })
  const thinking = (text: string, signature: string | null = null) => ({
    reasoning_content: text,
    thinking_blocks: [{ type: 'thinking', thinking: text, signature }],
  })
  const { messages } = sentBack(
    openaiCompatible({ name: 'litellm', baseURL: 'http://localhost/v1' })('m').provider,
    chunk(thinking('H')),
    chunk(thinking('m')),
    chunk(thinking('', 's')),
    chunk(thinking('So', 't')),
    chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] }),
    chunk({ content: 'Yes' }, 'stop'),
  )
  expect(messages).toEqual([
    {
      role: 'assistant',
      content: 'Yes',
      thinking_blocks: [
        { type: 'thinking', thinking: 'Hm', signature: 's' },
        { type: 'thinking', thinking: 'So', signature: 't' },
        { type: 'redacted_thinking', data: 'd' },
      ],
    },
  ])
})
