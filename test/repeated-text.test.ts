import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { messageReader } from '../src/providers/anthropic-parse.ts'
import { chatReader } from '../src/providers/openai-stream.ts'
import { repeatedText } from '../src/providers/repeated-text.ts'

/** Python's own separators, which many servers keep. */
const spaced = (value: unknown): string =>
  JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ').replaceAll('{ ', '{').replaceAll(' }', '}')

interface Told {
  readonly content: string | null
  readonly reasoning?: string | undefined
  readonly created: number
  readonly padding?: string | undefined
  readonly reason?: string | undefined
  readonly refusal?: string | undefined
  readonly details?: boolean | undefined
}

const chunk = ({ content, reasoning, created, padding, reason, refusal, details }: Told): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created,
  model: 'm',
  choices: [
    {
      index: 0,
      delta: {
        content,
        ...(reasoning !== undefined && { reasoning_content: reasoning }),
        ...(refusal !== undefined && { refusal }),
        ...(details && { reasoning_details: [{ type: 'reasoning.text', index: 0, text: content }] }),
      },
      finish_reason: reason ?? null,
    },
  ],
  usage: null,
  ...(padding !== undefined && { obfuscation: padding }),
})

const token = fc.oneof(
  fc.constantFrom(
    ' the',
    'm',
    'content',
    'a"b',
    '\\',
    '\n',
    '',
    ' null',
    '"',
    'é🌍',
    '\u2028',
    'x'.repeat(40),
    '}',
    '\u007f',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const told = fc.record(
  {
    content: fc.oneof({ weight: 8, arbitrary: token }, { weight: 1, arbitrary: fc.constant(null) }),
    reasoning: token,
    created: fc.constantFrom(1, 1, 1, 1, 2),
    padding: fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('abc', '')),
    reason: fc.constantFrom('stop'),
    refusal: token,
    details: fc.boolean(),
  },
  { requiredKeys: ['content', 'created'] },
)
/** Mostly what servers send: a text, and now and then something else. */
const usual = fc.record({ content: token, created: fc.constant(1), padding: fc.constantFrom('a', 'bc', 'def') })

describe('what is repeated from event to event', () => {
  test('is read as if each event were parsed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: told }), { maxLength: 40 }),
        fc.constantFrom(JSON.stringify, spaced),
        (all, write) => {
          const read = chatReader('p')
          // Events with a name of their own are all parsed.
          const parse = chatReader('p')
          for (const one of all) {
            const data = write(chunk(one))
            expect(read({ event: undefined, data })).toEqual(parse({ event: 'message', data }))
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test("is read as if each of Anthropic's events were parsed", () => {
    const delta = fc.record({
      index: fc.constantFrom(0, 0, 1),
      delta: fc.oneof(
        token.map((text) => ({ type: 'text_delta', text })),
        token.map((thinking) => ({ type: 'thinking_delta', thinking })),
        token.map((signature) => ({ type: 'signature_delta', signature })),
      ),
    })
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 40 }), (all) => {
        const read = messageReader('p')
        for (const one of all) {
          const data = JSON.stringify({ type: 'content_block_delta', ...one })
          // What a delta says depends on none before it.
          expect(read({ event: 'content_block_delta', data })).toEqual(messageReader('p')({ event: undefined, data }))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is not parsed again', () => {
    const read = chatReader('p')
    const parse = vi.spyOn(JSON, 'parse')
    const parts = Array.from({ length: 50 }, (_, index) =>
      read({
        event: undefined,
        data: JSON.stringify(chunk({ content: ` w${index}`, created: 1, padding: 'x'.repeat(index % 5) })),
      }),
    )
    const parsed = parse.mock.calls.length
    parse.mockRestore()
    expect(parts.at(-1)).toEqual([{ type: 'text', text: ' w49' }])
    // The first event says who answers, the second is the pattern, and its proof is the third.
    expect(parsed).toBe(3)
  })

  test('is read whole where it is long', () => {
    const read = chatReader('p')
    const texts = ['one', 'two', 'a text that is longer than a slice may be'].map((content) => {
      const [part] = read({ event: undefined, data: JSON.stringify(chunk({ content, created: 1 })) }).slice(-1)
      return part?.type === 'text' ? part.text : undefined
    })
    expect(texts).toEqual(['one', 'two', 'a text that is longer than a slice may be'])
  })

  test('is sought no longer where no event repeats another', () => {
    const sayingOf = vi.fn((json: unknown) => json as { type: 'text'; text: string })
    const repeated = repeatedText(sayingOf)
    for (let index = 0; index < 20; index++) {
      const saying = { type: 'text', text: 'a', index } as const
      expect(repeated.read(JSON.stringify(saying))).toBeUndefined()
      repeated.learn(JSON.stringify(saying), saying)
    }
    expect(sayingOf).toHaveBeenCalledTimes(4)
  })

  test('is no pattern where the text stands elsewhere too', () => {
    const repeated = repeatedText((json) => ({ type: 'text', text: (json as { text: string }).text }))
    // The last "a" is not the text: replaced, it changes nothing that is said.
    repeated.learn('{"text":"a","other":"a"}', { type: 'text', text: 'a' })
    expect(repeated.read('{"text":"a","other":"b"}')).toBeUndefined()
  })
})
