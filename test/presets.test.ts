import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { PresetSettings } from '../src/providers/presets.ts'
import * as presets from '../src/providers/presets.ts'
import type { ProviderFactory } from '../src/vocabulary/provider.ts'
import { authorized, bodyOf, request } from './support/wire.ts'

afterEach(() => vi.unstubAllEnvs())

const all = Object.entries<ProviderFactory<PresetSettings>>(presets)
const LOCAL = ['ollama', 'vllm', 'lmstudio', 'llamacpp']

describe('every preset', () => {
  const source = readFileSync(new URL('../src/providers/presets.ts', import.meta.url), 'utf8')
  const blocks = source.matchAll(/\/\*\* (?<docstring>.*) \*\/\nexport const (?<name>\w+)(?<body>[^]*?)\n\}\)/g)

  const described = [...blocks].map(({ groups }) => groups as Record<'docstring' | 'name' | 'body', string>)

  test('is described in one line', () => {
    expect(described.map(({ name }) => name).toSorted()).toEqual(Object.keys(presets).toSorted())
  })

  test.each(described)('$name names its variables', ({ docstring, body }) => {
    const variables = body.match(/(?<=')[A-Z_]+(?=')/g) ?? []
    expect(variables.length).toBeGreaterThan(0)
    for (const variable of variables) expect(docstring).toContain(variable)
  })

  test.each(all)('%s is named as it is exported', (name, preset) => {
    const { provider } = preset('m')
    expect(provider.name).toBe(name)
    expect(provider.prepare(request()).url).toMatch(
      LOCAL.includes(name) ? /^http:\/\/localhost:\d+\/v1\/chat\/completions$/ : /^https:\/\/.+\/chat\/completions$/,
    )
  })

  test.each(all)('%s takes a key and a base URL', (_, preset) => {
    const { provider } = preset({ apiKey: 'key-1', baseURL: 'http://localhost:9/v1' })('m')
    expect(provider.prepare(request()).url).toBe('http://localhost:9/v1/chat/completions')
    expect(authorized(provider)).toEqual({ authorization: 'Bearer key-1' })
  })

  test.each([
    ['groq', 'https://api.groq.com', 'https://api.groq.com/openai/v1/chat/completions'],
    ['cerebras', 'https://api.cerebras.ai', 'https://api.cerebras.ai/v1/chat/completions'],
    ['cerebras', 'https://api.cerebras.ai/', 'https://api.cerebras.ai/v1/chat/completions'],
    ['openrouter', 'http://gateway/', 'http://gateway/chat/completions'],
    ['mistral', 'https://api.mistral.ai', 'https://api.mistral.ai/v1/chat/completions'],
    ['ollama', 'http://gpu:11434', 'http://gpu:11434/v1/chat/completions'],
    ['vllm', 'http://gpu:8000?tenant=a', 'http://gpu:8000/v1/chat/completions?tenant=a'],
    ['together', 'http://gateway', 'http://gateway/chat/completions'],
  ])('%s takes %s, as its own SDK does', (name, baseURL, url) => {
    const preset = new Map(all).get(name)
    expect(preset?.({ apiKey: 'k', baseURL })('m').provider.prepare(request()).url).toBe(url)
  })

  test.each(all.filter(([name]) => !LOCAL.includes(name)))('%s names the variable of a missing key', (_, preset) => {
    expect(() => authorized(preset('m').provider)).toThrow(/Set [A-Z_]+(API_KEY|TOKEN)/)
  })

  test.each(all.filter(([name]) => LOCAL.includes(name)))('%s is called without a key', (_, preset) => {
    expect(authorized(preset('m').provider)).toEqual({})
  })
})

describe('deviations', () => {
  test('Mistral is sent nothing that it refuses', () => {
    const body = bodyOf(presets.mistral({ apiKey: 'k' })('m'), { stream: true, seed: 4, maxTokens: 5 })
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 5,
      random_seed: 4,
      stream: true,
    })
  })

  test('Groq is asked for usage and counts completion tokens', () => {
    expect(bodyOf(presets.groq({ apiKey: 'k' })('m'), { stream: true, maxTokens: 5 })).toMatchObject({
      max_completion_tokens: 5,
      stream_options: { include_usage: true },
    })
  })

  test('a setting goes over the preset, an undefined one does not', () => {
    const body = (settings: PresetSettings) => bodyOf(presets.groq({ apiKey: 'k', ...settings })('m'), { stream: true })
    expect(body({ streamUsage: false })['stream_options']).toBeUndefined()
    expect(body({ streamUsage: undefined })['stream_options']).toEqual({ include_usage: true })
  })

  test('OpenRouter takes files by URL', () => {
    const content = [
      { type: 'file', url: 'https://example.com/a.pdf', mediaType: 'application/pdf', name: 'a.pdf' },
    ] as const
    const body = bodyOf(presets.openrouter({ apiKey: 'k' })('m'), { messages: [{ role: 'user', content }] })
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'https://example.com/a.pdf' } }],
      },
    ])
  })
})

test('Mistral gets ids of tool calls in its own form, the same for a call and its result', () => {
  const conversation = (id: string) =>
    bodyOf(presets.mistral({ apiKey: 'k' })('m'), {
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: '', toolCalls: [{ id, name: 'f', arguments: '{}' }] },
        { role: 'tool', toolCallId: id, content: 'One' },
      ],
    }) as { messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[] }
  const idsOf = (id: string) => {
    const { messages } = conversation(id)
    return [messages[1]?.tool_calls?.[0]?.id, messages[2]?.tool_call_id]
  }
  expect(idsOf('aBc123XyZ')).toEqual(['aBc123XyZ', 'aBc123XyZ'])
  const [called, answered] = idsOf('call_DdmO9pD3xa9XTPNJ32zg2hcA')
  expect(called).toMatch(/^[a-z0-9]{9}$/i)
  expect(answered).toBe(called)
  expect(idsOf('call_DdmO9pD3xa9XTPNJ32zg2hcB')[0]).not.toBe(called)
})
