import { afterEach, describe, expect, test, vi } from 'vitest'
import { createClient, type Model, type Options } from '../src/index.ts'
import { openai } from '../src/providers/openai.ts'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import { deepseek } from '../src/providers/presets.ts'
import { CompletionError } from '../src/vocabulary/errors.ts'
import { responding, scriptedFetch } from './support/call.ts'
import { chat } from './support/chat.ts'
import { authorized, bodyOf, request } from './support/wire.ts'

afterEach(() => vi.unstubAllEnvs())

const keyed = openai({ apiKey: 'key-1' })

describe('the models', () => {
  test('all models of the environment share one provider', () => {
    expect(openai('a').provider).toBe(openai('b').provider)
    expect(openai('a').provider.name).toBe('openai')
    expect(keyed('a')).toEqual({ id: 'a', provider: keyed('b').provider })
  })

  test('an empty model id is a TypeError', () => {
    expect(() => openai('')).toThrow(/openai: a model id must be a non-empty string/)
  })

  test('the base URL is read when a call is made', () => {
    const { provider } = openai('m')
    expect(provider.prepare(request()).url).toBe('https://api.openai.com/v1/chat/completions')
    vi.stubEnv('OPENAI_BASE_URL', 'http://localhost:9/v1/')
    expect(provider.prepare(request()).url).toBe('http://localhost:9/v1/chat/completions')
    vi.stubEnv('OPENAI_BASE_URL', 'localhost')
    expect(() => provider.prepare(request())).toThrow(/OPENAI_BASE_URL must be an absolute URL/)
  })

  test('the key is read when a call is made', () => {
    const { provider } = openai('m')
    vi.stubEnv('OPENAI_API_KEY', ' key-2\n')
    expect(authorized(provider)).toEqual({ authorization: 'Bearer key-2' })
    expect(authorized(provider, { rejected: true })).toBeUndefined()
    expect(authorized(provider, { apiKey: 'key-3' })).toEqual({ authorization: 'Bearer key-3' })
  })

  test('a missing key names its variable', () => {
    vi.stubEnv('OPENAI_API_KEY', '')
    const failure = (() => {
      try {
        return authorized(openai('m').provider)
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(CompletionError)
    expect(failure).toMatchObject({ code: 'authentication', provider: 'openai', retryable: false })
    expect((failure as Error).message).toContain('OPENAI_API_KEY')
  })

  test('organization and project become headers', () => {
    const { provider } = openai({ apiKey: 'k', organization: 'org-1', project: 'proj-1' })('m')
    expect(provider.prepare(request()).headers).toEqual({
      'content-type': 'application/json',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
    })
  })

  test("the host's organization goes with the host's key alone", async () => {
    vi.stubEnv('OPENAI_API_KEY', 'host-key')
    vi.stubEnv('OPENAI_ORG_ID', 'org-1')
    vi.stubEnv('OPENAI_PROJECT_ID', 'proj-1')
    const sent = async (model: Model, options: Options = {}): Promise<unknown[]> => {
      const fetch = scriptedFetch(responding(chat()))
      await createClient({ fetch }).complete({ model, messages: [{ role: 'user', content: 'Hello' }] }, options)
      const headers = new Headers(fetch.requests[0]?.headers)
      return ['authorization', 'openai-organization', 'openai-project'].map((name) => headers.get(name))
    }
    expect(await sent(openai('m'))).toEqual(['Bearer host-key', 'org-1', 'proj-1'])
    vi.stubEnv('OPENAI_ORG_ID', 'org-2')
    expect(await sent(openai('m'))).toEqual(['Bearer host-key', 'org-2', 'proj-1'])
    vi.stubEnv('OPENAI_ORG_ID', 'org-1')
    expect(await sent(openai({ project: 'own' })('m'))).toEqual(['Bearer host-key', 'org-1', 'own'])
    expect(await sent(openai({ headers: { 'OpenAI-Project': 'own' } })('m'))).toEqual([
      'Bearer host-key',
      'org-1',
      'own',
    ])
    expect(await sent(openai({ apiKey: 'own-key' })('m'))).toEqual(['Bearer own-key', null, null])
    expect(await sent(openai('m'), { apiKey: 'own-key' })).toEqual(['Bearer own-key', null, null])
    expect(await sent(openai('m'), { headers: { authorization: 'Bearer o' } })).toEqual(['Bearer o', null, null])
  })
})

describe('the request', () => {
  test('a plain request holds the model and the messages', () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ] as const
    expect(bodyOf(keyed('gpt-5-mini'), { messages })).toEqual({ model: 'gpt-5-mini', messages })
  })

  test('every typed field has its place on the wire', () => {
    const body = bodyOf(keyed('m'), {
      maxTokens: 7,
      temperature: 0,
      topP: 0.5,
      seed: 3,
      stop: ['END'],
      reasoningEffort: 'low',
      parallelToolCalls: false,
      toolChoice: { name: 'look' },
      tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' }, strict: true, extra: { x: 1 } }],
      output: { name: 'answer', schema: { type: 'object' }, strict: true },
      stream: true,
      extraBody: { temperature: 1, user: 'u' },
    })
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
      max_completion_tokens: 7,
      temperature: 1,
      top_p: 0.5,
      seed: 3,
      stop: ['END'],
      reasoning_effort: 'low',
      parallel_tool_calls: false,
      tool_choice: { type: 'function', function: { name: 'look' } },
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: true },
          x: 1,
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
      },
      stream: true,
      stream_options: { include_usage: true },
      user: 'u',
    })
  })

  test('images and files travel as URLs of data', () => {
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a])
    const body = bodyOf(keyed('m'), {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See', extra: { cache_control: { type: 'ephemeral' } } },
            { type: 'image', url: 'https://example.com/a.png', extra: { image_url: { url: 'x', detail: 'low' } } },
            { type: 'image', data: png },
            { type: 'file', data: 'QUJD', mediaType: 'application/pdf', name: 'a.pdf' },
            { type: 'file', data: 'QUJD', mediaType: 'audio/mpeg' },
          ],
        },
      ],
    })
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: 'x', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0K' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
          { type: 'input_audio', input_audio: { data: 'QUJD', format: 'mp3' } },
        ],
      },
    ])
  })

  test('a part that the wire cannot carry names its message', () => {
    const user = { role: 'user', content: 'Hello' } as const
    const refused = (content: object) => () =>
      bodyOf(keyed('m'), { messages: [user, { role: 'system', content: [content] } as never] })
    expect(refused({ type: 'image', url: 'u' })).toThrow(/messages\[1\]: a message of role system takes no image part/)
    expect(refused({ type: 'reasoning', text: 't' })).toThrow(/takes no reasoning part/)
    const file = {
      role: 'user',
      content: [{ type: 'file', url: 'https://a/b.pdf', mediaType: 'application/pdf' }],
    } as const
    expect(() => bodyOf(keyed('m'), { messages: [file] })).toThrow(TypeError)
  })

  test('a turn with tool calls goes back as it came', () => {
    const body = bodyOf(keyed('m'), {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Hm' },
            { type: 'text', text: 'Looking' },
          ],
          toolCalls: [{ id: 'c1', name: 'look', arguments: '' }],
        },
        { role: 'tool', toolCallId: 'c1', content: 'Found' },
      ],
    })
    expect(body['messages']).toEqual([
      {
        role: 'assistant',
        content: 'Looking',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'Found' },
    ])
  })

  test("another provider's data is left behind", () => {
    const message = {
      role: 'assistant',
      content: 'Hi',
      providerData: { elsewhere: { reasoning_details: [1] }, openai: { kept: true } },
    } as const
    expect(bodyOf(keyed('m'), { messages: [message] })['messages']).toEqual([
      { role: 'assistant', content: 'Hi', kept: true },
    ])
  })
})

describe('a compatible server', () => {
  const local = openaiCompatible({ name: 'local', baseURL: 'http://localhost:1/v1?tenant=a' })

  test('is called at its base URL, query kept, without a key', () => {
    expect(local('m').provider.prepare(request()).url).toBe('http://localhost:1/v1/chat/completions?tenant=a')
    expect(authorized(local('m').provider)).toEqual({})
  })

  test('is sent only what every server knows', () => {
    const body = bodyOf(local('m'), {
      messages: [{ role: 'developer', content: 'Be brief.' }],
      maxTokens: 5,
      stream: true,
    })
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'system', content: 'Be brief.' }],
      max_tokens: 5,
      stream: true,
    })
  })

  test('is told of the schema in words where it has no mode', () => {
    const { messages, response_format } = bodyOf(deepseek({ apiKey: 'k' })('m'), {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      output: { name: 'answer', schema: { type: 'object', required: ['city'] }, strict: true },
    })
    expect(response_format).toEqual({ type: 'json_object' })
    expect(messages).toHaveLength(2)
    expect((messages as { content: string }[])[0]?.content).toMatch(
      /^Be brief\.\n\nAnswer with JSON[^]*"required":\["city"\]/,
    )
  })

  test('gets its own reasoning back where it wants it', () => {
    const messages = [
      {
        role: 'assistant',
        content: [{ type: 'reasoning', text: 'Hm' }],
        toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }],
      },
      { role: 'assistant', content: '', toolCalls: [{ id: 'b', name: 'f', arguments: '{}' }] },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'No', providerData: { other: {} } }] },
    ] as const
    const sent = bodyOf(deepseek({ apiKey: 'k' })('m'), { messages })['messages'] as Record<string, unknown>[]
    expect(sent.map((message) => message['reasoning_content'])).toEqual(['Hm', '', undefined])
  })

  test('several parts of text become one string where arrays are refused', () => {
    const content = [
      { type: 'text', text: 'One' },
      { type: 'text', text: 'Two' },
    ] as const
    const messages = [{ role: 'user', content }] as const
    expect(bodyOf(deepseek({ apiKey: 'k' })('m'), { messages })['messages']).toEqual([
      { role: 'user', content: 'One\n\nTwo' },
    ])
    expect(bodyOf(keyed('m'), { messages })['messages']).toEqual([{ role: 'user', content }])
  })

  test('a name and a base URL are demanded', () => {
    expect(() => openaiCompatible({ name: '', baseURL: 'http://localhost' })).toThrow(/openaiCompatible\.name must be/)
    expect(() => openaiCompatible({ name: 'x' } as never)).toThrow(/x\.baseURL must be given/)
  })
})
