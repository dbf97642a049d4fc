import { afterEach, describe, expect, test, vi } from 'vitest'
import { gemini } from '../src/providers/gemini.ts'
import type { Message } from '../src/vocabulary/message.ts'
import { authorized, bodyOf, request } from './support/wire.ts'

afterEach(() => vi.unstubAllEnvs())

const keyed = gemini({ apiKey: 'key-1' })

function contents(model: string, ...messages: Message[]): unknown {
  return bodyOf(keyed(model), { messages })['contents']
}

describe('the endpoint', () => {
  const url = (id: string, stream = false) => keyed(id).provider.prepare(request({ model: id, stream })).url

  test('the model and the manner are in the path', () => {
    const base = 'https://generativelanguage.googleapis.com/v1beta'
    expect(url('gemini-2.5-flash')).toBe(`${base}/models/gemini-2.5-flash:generateContent`)
    expect(url('gemini-2.5-flash', true)).toBe(`${base}/models/gemini-2.5-flash:streamGenerateContent?alt=sse`)
    expect(url('tunedModels/mine?')).toBe(`${base}/tunedModels/mine%3F:generateContent`)
  })

  test('base URL and version can be set', () => {
    const model = gemini({ apiKey: 'k', baseURL: 'http://localhost:9/proxy?a=b', apiVersion: 'v1' })('m')
    expect(model.provider.prepare(request({ stream: true })).url).toBe(
      'http://localhost:9/proxy/v1/models/m:streamGenerateContent?a=b&alt=sse',
    )
  })

  test('the key comes from either variable', () => {
    vi.stubEnv('GEMINI_API_KEY', '')
    vi.stubEnv('GOOGLE_API_KEY', '')
    expect(() => authorized(gemini('m').provider)).toThrow(/GEMINI_API_KEY or GOOGLE_API_KEY/)
    vi.stubEnv('GOOGLE_API_KEY', 'g')
    expect(authorized(gemini('m').provider)).toEqual({ 'x-goog-api-key': 'g' })
    vi.stubEnv('GEMINI_API_KEY', 'h')
    expect(authorized(gemini('m').provider)).toEqual({ 'x-goog-api-key': 'h' })
  })
})

describe('the contents', () => {
  test('instructions stand apart and roles are the wire’s', () => {
    const body = bodyOf(keyed('m'), {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
      ],
    })
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hello' }] },
        { role: 'model', parts: [{ text: 'Hi' }] },
      ],
    })
  })

  test('results name the function that was called', () => {
    const turns = contents(
      'gemini-2.5-flash',
      {
        role: 'assistant',
        content: '',
        toolCalls: [
          { id: 'a', name: 'look', arguments: '{"x":1}', providerData: { gemini: { id: 'a', thoughtSignature: 's' } } },
          { id: 'b', name: 'find', arguments: '' },
        ],
      },
      { role: 'tool', toolCallId: 'a', content: '{"found":true}' },
      { role: 'tool', toolCallId: 'b', content: [{ type: 'text', text: 'Nothing' }] },
    )
    expect(turns).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'look', args: { x: 1 }, id: 'a' }, thoughtSignature: 's' },
          { functionCall: { name: 'find', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'look', id: 'a', response: { found: true } } },
          { functionResponse: { name: 'find', response: { result: 'Nothing' } } },
        ],
      },
    ])
  })

  test('a result without its call is a TypeError', () => {
    expect(() => contents('m', { role: 'tool', toolCallId: 'x', content: '' })).toThrow(/messages\[0\]: .*'x'/)
  })

  test('calls of another provider are marked unsigned for version 3', () => {
    const message: Message = { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }] }
    expect(contents('gemini-3-flash', message)).toMatchObject([
      { parts: [{ thoughtSignature: 'skip_thought_signature_validator' }] },
    ])
  })

  test('signed parts go back as they came', () => {
    const block = { executableCode: { code: '1' } }
    const parts = contents('m', {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Unsigned' },
        { type: 'reasoning', text: 'Hm', providerData: { gemini: { thoughtSignature: 's' } } },
        { type: 'text', text: '', providerData: { gemini: { part: block } } },
        { type: 'text', text: '', providerData: { gemini: { thoughtSignature: 't' } } },
        { type: 'text', text: '', providerData: { anthropic: { block: {} } } },
      ],
    })
    expect(parts).toEqual([
      {
        role: 'model',
        parts: [{ text: 'Hm', thought: true, thoughtSignature: 's' }, block, { text: '', thoughtSignature: 't' }],
      },
    ])
  })

  test('images and files travel inline or by URI', () => {
    const turns = contents('m', {
      role: 'user',
      content: [
        { type: 'image', data: 'iVBORw0K' },
        { type: 'image', url: 'data:image/gif;base64,R0lG' },
        { type: 'file', url: 'gs://bucket/a.pdf', mediaType: 'application/pdf' },
        { type: 'file', data: new Uint8Array([65, 66, 67]), mediaType: 'audio/wav', extra: { videoMetadata: {} } },
      ],
    })
    expect(turns).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'iVBORw0K' } },
          { inlineData: { mimeType: 'image/gif', data: 'R0lG' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket/a.pdf' } },
          { inlineData: { mimeType: 'audio/wav', data: 'QUJD' }, videoMetadata: {} },
        ],
      },
    ])
  })
})

describe('the fields', () => {
  test('every typed field has its place on the wire', () => {
    const body = bodyOf(keyed('gemini-2.5-flash'), {
      maxTokens: 9,
      temperature: 0,
      topP: 0.4,
      seed: 2,
      stop: ['END'],
      reasoningEffort: 'medium',
      toolChoice: { name: 'look' },
      tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
      extraBody: { safetySettings: [] },
    })
    expect(body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: {
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.4,
        seed: 2,
        stopSequences: ['END'],
        thinkingConfig: { includeThoughts: true, thinkingBudget: 8192 },
      },
      tools: [
        {
          functionDeclarations: [{ name: 'look', description: 'Looks.', parametersJsonSchema: { type: 'object' } }],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
      safetySettings: [],
    })
  })

  test('newer models think by level', () => {
    const level = (id: string) => bodyOf(keyed(id), { reasoningEffort: 'minimal' })['generationConfig']
    expect(level('gemini-3-flash')).toEqual({ thinkingConfig: { includeThoughts: true, thinkingLevel: 'minimal' } })
    expect(level('gemini-3-pro')).toEqual({ thinkingConfig: { includeThoughts: true, thinkingLevel: 'low' } })
  })
})

describe('an output beside tools', () => {
  const schema = { type: 'object', properties: {} }
  const over = { tools: [{ name: 'look', inputSchema: schema }], output: { name: 'output', schema } }
  const models = gemini({ apiKey: 'k' })

  test('is an instruction on models that refuse both', () => {
    const body = bodyOf(models('gemini-2.5-flash'), over)
    expect(body).not.toHaveProperty('generationConfig')
    expect(JSON.stringify(body['systemInstruction'])).toContain('JSON Schema')
  })

  test('is asked for natively on the others', () => {
    expect(bodyOf(models('gemini-3-flash'), over)['generationConfig']).toMatchObject({ responseJsonSchema: schema })
    expect(bodyOf(models('gemini-2.5-flash'), { output: over.output })['generationConfig']).toMatchObject({
      responseJsonSchema: schema,
    })
  })
})
