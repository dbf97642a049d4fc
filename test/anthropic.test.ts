import { afterEach, describe, expect, test, vi } from 'vitest'
import { anthropic } from '../src/providers/anthropic.ts'
import type { Message } from '../src/vocabulary/message.ts'
import { authorized, bodyOf, request } from './support/wire.ts'

afterEach(() => vi.unstubAllEnvs())

const keyed = anthropic({ apiKey: 'key-1' })

function sent(...messages: Message[]): Record<string, unknown> {
  return bodyOf(keyed('claude-sonnet-4-5'), { messages })
}

describe('the endpoint', () => {
  test('the base URL stands without a version', () => {
    const { url, headers } = keyed('m').provider.prepare(request())
    expect(url).toBe('https://api.anthropic.com/v1/messages')
    expect(headers).toEqual({ 'content-type': 'application/json', 'anthropic-version': '2023-06-01' })
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://localhost:9')
    expect(anthropic('m').provider.prepare(request()).url).toBe('http://localhost:9/v1/messages')
  })

  test('a key and a token travel in their own headers', () => {
    vi.stubEnv('ANTHROPIC_API_KEY', '')
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', '')
    expect(authorized(keyed('m').provider)).toEqual({ 'x-api-key': 'key-1' })
    expect(authorized(anthropic({ authToken: 'token-1' })('m').provider)).toEqual({ authorization: 'Bearer token-1' })
    expect(() => authorized(anthropic('m').provider)).toThrow(/ANTHROPIC_API_KEY/)
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'token-2')
    expect(authorized(anthropic('m').provider)).toEqual({ authorization: 'Bearer token-2' })
    vi.stubEnv('ANTHROPIC_API_KEY', 'key-2')
    expect(authorized(anthropic('m').provider)).toEqual({ 'x-api-key': 'key-2' })
    expect(authorized(anthropic({ authToken: 'token-1' })('m').provider, { apiKey: 'key-3' })).toEqual({
      'x-api-key': 'key-3',
    })
  })
})

describe('the messages', () => {
  test('instructions stand apart from the turns', () => {
    const body = sent(
      { role: 'system', content: 'Be brief.', extra: { cache_control: { type: 'ephemeral' } } },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: 'Hello' },
    )
    expect(body).toEqual({
      model: 'claude-sonnet-4-5',
      max_tokens: 8192,
      system: [
        { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'Be kind.' },
      ],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    })
  })

  test('results of parallel calls stand in one message', () => {
    const call = (id: string, written: string) => ({ id, name: 'look', arguments: written })
    const body = sent(
      { role: 'assistant', content: 'Looking', toolCalls: [call('a', '{"x":1}'), call('b', ''), call('c', '{"x":')] },
      { role: 'tool', toolCallId: 'a', content: 'One' },
      { role: 'tool', toolCallId: 'b', content: [{ type: 'image', data: 'iVBORw0K' }], extra: { is_error: true } },
      { role: 'user', content: 'Go on' },
    )
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking' },
          { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } },
          { type: 'tool_use', id: 'b', name: 'look', input: {} },
          { type: 'tool_use', id: 'c', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'One' },
          {
            type: 'tool_result',
            tool_use_id: 'b',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0K' } }],
            is_error: true,
          },
          { type: 'text', text: 'Go on' },
        ],
      },
    ])
  })

  test('a message of the caller is left as it was', () => {
    const block = Object.freeze({ type: 'redacted_thinking', data: 'd' })
    const body = sent({
      role: 'assistant',
      content: [{ type: 'reasoning', text: '', providerData: { anthropic: { block } } }],
      extra: { cache_control: { type: 'ephemeral' } },
    })
    expect(body['messages']).toEqual([
      { role: 'assistant', content: [{ ...block, cache_control: { type: 'ephemeral' } }] },
    ])
  })

  test('thoughts go back with their signature, foreign ones do not', () => {
    const body = sent({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Hm', providerData: { anthropic: { signature: 's' } } },
        {
          type: 'reasoning',
          text: '',
          providerData: { anthropic: { block: { type: 'redacted_thinking', data: 'd' } } },
        },
        { type: 'reasoning', text: 'Foreign', providerData: { gemini: { thoughtSignature: 's' } } },
        { type: 'text', text: '' },
        { type: 'text', text: 'Yes' },
      ],
    })
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
          { type: 'text', text: 'Yes' },
        ],
      },
    ])
  })

  test('images and documents become sources', () => {
    const body = sent({
      role: 'user',
      content: [
        { type: 'image', url: 'https://example.com/a.png' },
        { type: 'image', url: 'data:image/gif;base64,R0lG' },
        {
          type: 'file',
          data: 'QUJD',
          mediaType: 'application/pdf',
          name: 'a.pdf',
          extra: { citations: { enabled: true } },
        },
        { type: 'file', data: new TextEncoder().encode('Grüße'), mediaType: 'text/markdown' },
        { type: 'file', url: 'https://example.com/a.pdf', mediaType: 'application/pdf' },
      ],
    })
    expect((body['messages'] as { content: unknown[] }[])[0]?.content).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'R0lG' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' },
        title: 'a.pdf',
        citations: { enabled: true },
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
    ])
  })

  test('a part in the wrong place names its message', () => {
    expect(() => sent({ role: 'system', content: [{ type: 'image', url: 'u' }] })).toThrow(
      /messages\[0\]: a message of role system takes text parts only/,
    )
    expect(() => sent({ role: 'user', content: [{ type: 'reasoning', text: 't' }] })).toThrow(TypeError)
  })
})

describe('the fields', () => {
  test('every typed field has its place on the wire', () => {
    const body = bodyOf(keyed('claude-opus-4-6'), {
      maxTokens: 100,
      temperature: 1,
      topP: 0.9,
      stop: ['END'],
      seed: 4,
      reasoningEffort: 'minimal',
      toolChoice: 'required',
      parallelToolCalls: false,
      tools: [{ name: 'look', inputSchema: { type: 'object' }, extra: { cache_control: { type: 'ephemeral' } } }],
      output: { name: 'answer', schema: { type: 'object' }, strict: true },
      stream: true,
      extraBody: { top_k: 5 },
    })
    expect(body).toEqual({
      model: 'claude-opus-4-6',
      max_tokens: 100,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      temperature: 1,
      top_p: 0.9,
      stop_sequences: ['END'],
      thinking: { type: 'adaptive' },
      output_config: {
        effort: 'low',
        format: { type: 'json_schema', schema: { type: 'object', additionalProperties: false } },
      },
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      tools: [{ name: 'look', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } }],
      stream: true,
      top_k: 5,
    })
  })

  test('the token limit comes from request, settings or default', () => {
    const settled = anthropic({ apiKey: 'k', maxTokens: 50 })('m')
    expect(bodyOf(settled, { maxTokens: 7 })['max_tokens']).toBe(7)
    expect(bodyOf(settled)['max_tokens']).toBe(50)
    expect(bodyOf(keyed('m'))['max_tokens']).toBe(8192)
  })

  test.each(['claude-3-7-sonnet-latest', 'claude-sonnet-4-20250514', 'claude-opus-4-1', 'claude-haiku-4-5-20251001'])(
    '%s thinks by a share of the limit',
    (id) => {
      const thinking = (reasoningEffort: 'minimal' | 'medium', maxTokens?: number) =>
        bodyOf(keyed(id), { reasoningEffort, maxTokens })['thinking']
      expect(thinking('medium')).toEqual({ type: 'enabled', budget_tokens: 4096 })
      expect(thinking('minimal', 4000)).toEqual({ type: 'enabled', budget_tokens: 1024 })
      expect(thinking('medium', 1000)).toBeUndefined()
    },
  )

  test.each(['claude-3-5-haiku-latest', 'claude-opus-4-20250514', 'claude-sonnet-4-0'])(
    '%s is told of the schema in words',
    (id) => {
      const output = { name: 'answer', schema: { type: 'object' }, strict: true }
      const body = bodyOf(keyed(id), { output })
      expect(body['output_config']).toBeUndefined()
      expect(JSON.stringify(body['system'])).toContain('JSON Schema')
    },
  )

  test('one forbidden parallel call needs a tool choice', () => {
    const tools = [{ name: 'look', inputSchema: {} }]
    expect(bodyOf(keyed('m'), { tools, parallelToolCalls: false })['tool_choice']).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    })
    expect(bodyOf(keyed('m'), { tools, toolChoice: { name: 'look' } })['tool_choice']).toEqual({
      type: 'tool',
      name: 'look',
    })
  })
})
