import { anthropic } from '../../src/providers/anthropic.ts'
import { gemini } from '../../src/providers/gemini.ts'
import { openai } from '../../src/providers/openai.ts'
import type { Model } from '../../src/vocabulary/provider.ts'

/** What a server is to answer, whatever its wire. */
export interface Said {
  readonly text?: string
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object | string }[]
  readonly thought?: string
  readonly finish?: 'stop' | 'length' | 'content_filter'
  readonly refusal?: string
}

/** One wire: its model on a base URL, and the body that says something on it. */
export interface Wire {
  readonly name: string
  model(baseURL: string): Model
  body(said: Said): object
}

const written = (input: object | string): string => (typeof input === 'string' ? input : JSON.stringify(input))
const parsed = (input: object | string): unknown => (typeof input === 'string' ? JSON.parse(input || '{}') : input)

export const WIRES: readonly Wire[] = [
  {
    name: 'openai',
    model: (baseURL) => openai({ apiKey: 'key', baseURL: `${baseURL}/v1` })('gpt-5-mini'),
    body: ({ text = null, calls = [], thought, finish, refusal }) => ({
      id: 'chatcmpl-1',
      model: 'gpt-5-mini',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: text,
            refusal,
            ...(thought && { reasoning_content: thought }),
            ...(calls.length > 0 && {
              tool_calls: calls.map(({ id, name, input }) => ({
                id,
                type: 'function',
                function: { name, arguments: written(input) },
              })),
            }),
          },
          finish_reason: finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
        },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, prompt_tokens_details: { cached_tokens: 4 } },
    }),
  },
  {
    name: 'anthropic',
    model: (baseURL) => anthropic({ apiKey: 'key', baseURL })('claude-opus-4-6'),
    body: ({ text, calls = [], thought, finish }) => ({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-6',
      content: [
        ...(thought ? [{ type: 'thinking', thinking: thought, signature: 'signed' }] : []),
        ...(text ? [{ type: 'text', text }] : []),
        ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input: parsed(input) })),
      ],
      stop_reason: finish
        ? { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' }[finish]
        : calls.length > 0
          ? 'tool_use'
          : 'end_turn',
      usage: { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 7 },
    }),
  },
  {
    name: 'gemini',
    model: (baseURL) => gemini({ apiKey: 'key', baseURL })('gemini-3-flash'),
    body: ({ text, calls = [], thought, finish = 'stop' }) => ({
      responseId: 'r1',
      modelVersion: 'gemini-3-flash',
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              ...(thought ? [{ text: thought, thought: true }] : []),
              ...(text ? [{ text }] : []),
              ...calls.map(({ id, name, input }) => ({
                functionCall: { id, name, args: parsed(input) },
                ...(thought && { thoughtSignature: 'signed' }),
              })),
            ],
          },
          finishReason: { stop: 'STOP', length: 'MAX_TOKENS', content_filter: 'SAFETY' }[finish],
        },
      ],
      usageMetadata: {
        promptTokenCount: 9,
        candidatesTokenCount: 7,
        totalTokenCount: 16,
        cachedContentTokenCount: 4,
      },
    }),
  },
]
