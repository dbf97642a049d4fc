import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openaiCompatible } from '../src/providers/openai-compatible.ts'
import { streamed } from './support/wire.ts'

const { provider } = openaiCompatible({ name: 'local', baseURL: 'http://localhost/v1' })('m')

function chunk(delta: object | undefined, over: object = {}): object {
  return { id: 'r-1', model: 'm-1', choices: [{ index: 0, ...(delta && { delta }), ...over }] }
}

const META = { type: 'meta', id: 'r-1', model: 'm-1' }

describe('content', () => {
  test('text comes piece by piece, then the reason and the end', () => {
    const parts = streamed(
      provider,
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'He' }),
      chunk({ content: 'llo' }, { finish_reason: null }),
      chunk({}, { finish_reason: 'stop' }),
      { id: 'r-1', model: 'm-1', choices: [], usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 } },
      '[DONE]',
    )
    expect(parts).toEqual([
      META,
      { type: 'text', text: 'He' },
      { type: 'text', text: 'llo' },
      { type: 'finish', finishReason: 'stop' },
      { type: 'usage', usage: { inputTokens: 2, outputTokens: 1, totalTokens: 3 } },
      { type: 'end', complete: true },
    ])
  })

  test('a whole message in place of a delta is read', () => {
    const call = { id: 'c', type: 'function', function: { name: 'get', arguments: '{}' } }
    const message = { role: 'assistant', content: 'Hello', tool_calls: [call] }
    expect(streamed(provider, chunk(undefined, { message, finish_reason: 'stop' }), '[DONE]')).toMatchObject([
      META,
      { type: 'text', text: 'Hello' },
      { type: 'tool_call', index: 0, id: 'c', name: 'get', arguments: '{}' },
      { type: 'finish' },
      { type: 'end', complete: true },
    ])
  })

  test('an event without data is a sign of life', () => {
    expect(streamed(provider, chunk({ content: 'a' }), ' ', '')).toEqual([
      META,
      { type: 'text', text: 'a' },
      { type: 'ping' },
      { type: 'ping' },
    ])
  })

  test('reasoning and refusals are told apart from text', () => {
    const parts = streamed(
      provider,
      chunk({ reasoning: 'H' }),
      chunk({ reasoning_content: 'm', content: null }),
      chunk({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: '.' }] },
          { type: 'text', text: 'Yes' },
        ],
      }),
      chunk({ refusal: 'No' }),
    )
    expect(parts.slice(1)).toEqual([
      { type: 'reasoning', text: 'H' },
      { type: 'reasoning', text: 'm' },
      { type: 'reasoning', text: '.' },
      { type: 'text', text: 'Yes' },
      { type: 'refusal', text: 'No' },
    ])
  })

  test('a first chunk without id and model says neither', () => {
    const parts = streamed(
      provider,
      { id: '', model: '', choices: [], prompt_filter_results: [] },
      chunk({ content: 'Hi' }),
    )
    expect(parts).toEqual([META, { type: 'text', text: 'Hi' }])
  })

  test('a missing delta and a cumulative message are tolerated', () => {
    const parts = streamed(
      provider,
      chunk({ content: 'Hi' }, { message: { role: 'assistant', content: 'Hi' } }),
      chunk(undefined, { message: { content: 'Hi' }, finish_reason: 'stop' }),
    )
    expect(parts).toEqual([META, { type: 'text', text: 'Hi' }, { type: 'finish', finishReason: 'stop' }])
  })

  test('usage under x_groq counts, and a repeated reason does not', () => {
    const usage = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 }
    const parts = streamed(provider, chunk({ content: 'Hi' }, { finish_reason: 'stop' }), {
      ...chunk({}, { finish_reason: 'stop' }),
      x_groq: { usage },
    })
    expect(parts.map((part) => part.type)).toEqual(['meta', 'text', 'finish', 'usage'])
  })

  test('reasoning details are gathered for the way back', () => {
    const parts = streamed(
      provider,
      chunk({ reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'H' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'm', signature: 's' }] }),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', index: 1, data: 'd' }] }),
      chunk({}, { finish_reason: 'stop' }),
    )
    // Where nothing else says the thoughts, the details do.
    expect(parts.slice(1, 3)).toEqual([
      { type: 'reasoning', text: 'H' },
      { type: 'reasoning', text: 'm' },
    ])
    expect(parts[3]).toEqual({
      type: 'message_data',
      providerData: {
        local: {
          reasoning_details: [
            { type: 'reasoning.text', index: 0, text: 'Hm', signature: 's' },
            { type: 'reasoning.encrypted', index: 1, data: 'd' },
          ],
        },
      },
    })
  })
})

describe('tool calls', () => {
  const call = (over: object, name?: string, written = '') => ({ ...over, function: { name, arguments: written } })

  function gathered(...deltas: object[][]): string[] {
    const calls: string[] = []
    for (const part of streamed(provider, ...deltas.map((tool_calls) => chunk({ tool_calls })))) {
      if (part.type !== 'tool_call') continue
      const { index, id = '', name = '' } = part
      calls[index] = `${calls[index] ?? ''}${id && `${id}:`}${name}${part.arguments}`
    }
    return calls
  }

  test('interleaved pieces are told apart by index', () => {
    const found = gathered(
      [call({ index: 0, id: 'a' }, 'f')],
      [call({ index: 1, id: 'b' }, 'g')],
      [call({ index: 0 }, undefined, '{"x":'), call({ index: 1 }, undefined, '{}')],
      [call({ index: 0 }, undefined, '1}')],
    )
    expect(found).toEqual(['a:f{"x":1}', 'b:g{}'])
  })

  test('numbers that do not begin at 0 are made dense', () => {
    expect(gathered([call({ index: 1, id: 'a' }, 'f')], [call({ index: 1 }, undefined, '{}')])).toEqual(['a:f{}'])
  })

  test('whole calls that are all numbered 0 stay apart', () => {
    expect(gathered([call({ index: 0, id: 'a' }, 'f', '{}')], [call({ index: 0, id: 'b' }, 'g', '{}')])).toEqual([
      'a:f{}',
      'b:g{}',
    ])
  })

  test('pieces without index go by id, then by name', () => {
    expect(gathered([call({ id: 'a' }, 'f', '{')], [call({ id: 'a' }, 'f', '}')], [call({ id: 'b' }, 'g')])).toEqual([
      'a:f{}',
      'b:g',
    ])
    expect(gathered([call({}, 'f', '{')], [call({}, undefined, '}')], [call({}, 'g', '{}')])).toEqual([
      'call_r-1_0:f{}',
      'call_r-1_1:g{}',
    ])
  })

  test('the legacy function call is one call', () => {
    const parts = streamed(
      provider,
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{}' } }),
      chunk({}, { finish_reason: 'function_call' }),
    )
    expect(parts.slice(1)).toEqual([
      { type: 'tool_call', index: 0, id: 'call_r-1_0', name: 'f', arguments: '' },
      { type: 'tool_call', index: 0, arguments: '{}' },
      { type: 'finish', finishReason: 'tool_calls' },
    ])
  })
})

describe('the end', () => {
  test('the marker alone proves completeness after content only', () => {
    expect(streamed(provider, '[DONE]')).toEqual([{ type: 'end', complete: false }])
    expect(streamed(provider, chunk({ content: 'Hi' }), '[DONE]').at(-1)).toEqual({ type: 'end', complete: true })
  })

  test.each(['[DONE]xyz', '[DONE] ', '[done]', '{"choices":[', 'null', '7'])('%s is malformed', (data) => {
    expect(streamed(provider, data)).toMatchObject([{ type: 'malformed' }])
  })

  test.each([
    ['an object', { error: { message: 'm' } }],
    ['one without an envelope', { object: 'error', message: 'm', code: 500 }],
    ['a list', { error: [{ code: 10_000, message: 'm' }] }],
    ['several', { errors: [{ message: 'm' }] }],
    ['a number and a text', { code: 1302, msg: 'm' }],
    ['a message alone', { error_message: 'm' }],
    [
      'one with an ending choice',
      { error: { code: 502 }, choices: [{ delta: { content: '' }, finish_reason: 'error' }] },
    ],
  ])('an error as %s is an error', (_, error) => {
    expect(streamed(provider, error)).toEqual([{ type: 'error', error }])
  })

  test('an event named error is an error whatever it holds', () => {
    expect(streamed(provider, ['error', { code: 400 }])).toEqual([{ type: 'error', error: { code: 400 } }])
    const read = provider.streamReader?.()
    expect(read?.({ event: 'error', data: 'oops' })).toEqual([{ type: 'error', error: { error: { message: 'oops' } } }])
  })

  test('a reason that means failure is an error', () => {
    expect(streamed(provider, chunk({ content: '' }, { finish_reason: 'error' }))).toMatchObject([
      { type: 'error', error: { error: { code: 'error' } } },
    ])
  })

  test('no event makes it throw', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.jsonValue(), fc.jsonValue())), (values) => {
        const read = provider.streamReader?.()
        for (const [one, other] of values) {
          const shapes = [one, chunk({ content: one, tool_calls: other }), { choices: one }]
          shapes.push(
            chunk({ tool_calls: [one], function_call: other, reasoning_details: [one] }, { finish_reason: 'stop' }),
          )
          shapes.push({
            ...chunk({ tool_calls: [{ index: one, id: other, function: { arguments: one } }] }),
            usage: other,
          })
          for (const shape of shapes) read?.({ event: undefined, data: JSON.stringify(shape) })
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('what servers do otherwise', () => {
  const call = (index: number, named: object, over: object = {}) =>
    chunk({ tool_calls: [{ index, ...over, function: named }] })

  test('a number that counts on without a name belongs to the call before', () => {
    const parts = streamed(
      provider,
      call(0, { name: 'a', arguments: '' }, { id: 'A' }),
      call(0, { name: 'b', arguments: '' }, { id: 'B' }),
      call(1, { arguments: '{"p":2}' }),
    )
    expect(parts.at(-1)).toEqual({ type: 'tool_call', index: 1, arguments: '{"p":2}' })
  })

  test('a signature may come after its call', () => {
    const extra_content = { google: { thought_signature: 'S' } }
    const parts = streamed(
      provider,
      call(0, { name: 'a', arguments: '{}' }, { id: 'A' }),
      chunk({ tool_calls: [{ extra_content }] }),
    )
    expect(parts.at(-1)).toEqual({
      type: 'tool_call',
      index: 0,
      arguments: '',
      providerData: { local: { extra_content } },
    })
  })

  test('an end marker may have a space where the end is known already', () => {
    expect(streamed(provider, chunk({ content: 'a' }), chunk({}, { finish_reason: 'stop' }), '[DONE] ').at(-1)).toEqual(
      {
        type: 'end',
        complete: true,
      },
    )
    expect(streamed(provider, chunk({ content: 'a' }), '[DONE] ').at(-1)).toMatchObject({ type: 'malformed' })
  })

  test('Groq says why it has stopped early', () => {
    const cut = { ...chunk({}), x_groq: { error: 'over capacity' } }
    expect(streamed(provider, chunk({ content: 'a' }), cut).at(-1)).toEqual({
      type: 'error',
      error: { error: 'over capacity' },
    })
  })

  test('a function call that the server could not read ends the stream', () => {
    const finish_reason = 'function_call_filter: MALFORMED_FUNCTION_CALL'
    expect(streamed(provider, chunk({}, { finish_reason })).at(-1)).toMatchObject({ type: 'malformed' })
  })

  test('Moonshot puts the usage into the choice', () => {
    const usage = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 }
    expect(streamed(provider, chunk({}, { finish_reason: 'stop', usage })).at(-1)).toEqual({
      type: 'usage',
      usage: { inputTokens: 2, outputTokens: 1, totalTokens: 3 },
    })
  })
})
