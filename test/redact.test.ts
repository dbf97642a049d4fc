import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elideEchoes } from '../src/classify/echoes.ts'
import { redactCutText, redactText, safeHeaders } from '../src/classify/redact.ts'

describe('secrets', () => {
  it.each([
    ['a given key', 'no: blue-Tit!42', ['blue-Tit!42'], 'no: [redacted]'],
    ['a given header without its scheme', 'no: abcdef', ['Bearer abcdef'], 'no: [redacted]'],
    ['a given key in a URL', 'q=a%2Bb%2Fc%3D', ['a+b/c='], 'q=[redacted]'],
    ['a given key in JSON', String.raw`k: a\"b\"c`, ['a"b"c'], 'k: [redacted]'],
    ['a given key of four characters', 'no: aB3d', ['aB3d'], 'no: [redacted]'],
    ['the longer of two', 'abcdefgh', ['abcd', 'abcdefgh'], '[redacted]'],
    ['a key by its prefix', 'key sk-proj-a1B2c3D4e5 wrong', [], 'key [redacted] wrong'],
    ['a Google key', 'AIzaSyA1234567890abcdefg', [], '[redacted]'],
    ['a bearer token', 'Authorization: Bearer a1b2c3d4e5.f6', [], 'Authorization: Bearer [redacted]'],
    ['a token of three parts', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln here', [], 'got [redacted] here'],
    ['a query value', 'https://x.test/v1?a=1&key=abc123&b=2', [], 'https://x.test/v1?a=1&key=[redacted]&b=2'],
    ['a key header', '"x-api-key": "a1b2c3d4e5"', [], '"x-api-key": "[redacted]"'],
    ['a user by RFC 7617', 'refused (Basic dXNlcjpwYXNz)', [], 'refused (Basic [redacted])'],
    ['a user in a URL', 'https://me:pw@x.test/', [], 'https://[redacted]@x.test/'],
  ])('%s', (_, text, secrets, expected) => {
    expect(redactText(text, secrets)).toBe(expected)
  })

  it.each([
    'You should send it using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).',
    'Your api key: ****-key is invalid',
    'Basic authentication is not supported here.',
    'This is task-oriented and risk-averse; max_tokens=500 is too large.',
    'Rate limit: 40,000 input tokens per minute.',
  ])('are not seen in %j', (text) => {
    expect(redactText(text, [])).toBe(text)
  })

  it.each([
    ['before: kkkk1234567', 'before: [redacted]'],
    ['before: kkkk1234', 'before: [redacted]'],
    ['before: kkkk', 'before: kkkk'],
    ['kkkk1234567890 behind', 'kkkk1234567890 behind'],
  ])('that %j is cut in leave it', (text, expected) => {
    expect(redactCutText(text, ['Bearer kkkk1234567890abcdef'])).toBe(expected)
  })

  it.each([
    ['PHP', '/', '\\/'],
    ['.NET', '+', '\\u002B'],
    ['Go', '&', '\\u0026'],
    ['Jackson', '=', '\\u003d'],
  ])('leave it as %s escapes it', (_, character, written) => {
    const secret = `Zm9v${character}YmFy${character}9`
    const text = `{"m":"bad ${secret.replaceAll(character, written)}, or so"}`
    expect(redactText(text, [secret])).toBe('{"m":"bad [redacted], or so"}')
  })

  it('leave it whole and in part, however long it is', () => {
    const secret = `${'aZ9/+='.repeat(10_000)}tail-0123456789`
    const text = `{"one":"${secret.replaceAll('/', '\\/')}","two":"\\u0074ail-0123456789","rest":"a\\nb\\"}`
    expect(redactText(text, [`Bearer ${secret}`, 'tail-0123456789'])).toBe(
      '{"one":"[redacted]","two":"[redacted]","rest":"a\\nb\\"}',
    )
  })

  it('leave the text in no spelling', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), fc.string(), fc.string(), (secret, before, after) => {
        expect('[redacted]'.includes(secret) || !redactText(before + secret + after, [secret]).includes(secret)).toBe(
          true,
        )
      }),
    )
  })
})

describe('headers', () => {
  it('keep what helps and drop what is secret', () => {
    const headers = {
      'content-type': 'application/json',
      'set-cookie': 'a=b',
      authorization: 'Bearer x',
      'x-api-key': 'k',
      'x-amz-security-token': 't',
      'x-ratelimit-remaining-tokens': '5',
      location: 'https://x.test/?key=abc123',
    }
    expect(safeHeaders(headers)).toEqual({
      'content-type': 'application/json',
      'x-ratelimit-remaining-tokens': '5',
      location: 'https://x.test/?key=[redacted]',
    })
  })
})

it.each([
  ['a key whose digit comes late', `sk-${'a'.repeat(200)}1`, '[redacted]'],
  ['a token with a long head', `eyJ${'a'.repeat(3_000)}.${'b'.repeat(20)}.c`, '[redacted]'],
  ['a header whose digit comes late', `authorization: ${'a'.repeat(200)}1`, 'authorization: [redacted]'],
  ['the second of two', 'Bearer abcdefgh",Bearer abcdefg12', 'Bearer abcdefgh",Bearer [redacted]'],
  [
    'nothing of prose',
    'sk-anything-goes and authorization: required-by-us',
    'sk-anything-goes and authorization: required-by-us',
  ],
])('redacts %s', (_, text, expected) => {
  expect(redactText(text, [])).toBe(expected)
})

it.each(['eyJ-', 'sk-', 'authorization=', 'Bearer ', '://a', 'Basic  ', 'key='])(
  'takes linear time for a text that begins a credential again and again: %s',
  (begun) => {
    // Quadratic it would take longer than a test may.
    expect(redactText(begun.repeat(2_000_000 / begun.length), []).length).toBeGreaterThan(0)
  },
)

describe('echoes', () => {
  const prompt = 'My neighbour keeps forty-one geese behind the chapel and they never sleep.'

  it('lose what they share with a source', () => {
    const text = "Cannot read: 'forty-one geese behind the chapel and they' in messages"
    expect(elideEchoes(text, [prompt])).toBe("Cannot read: '[…]' in messages")
  })

  it('lose a short source as a whole', () => {
    expect(elideEchoes("bad value 'goose-41' here", ['goose-41'])).toBe("bad value '[…]' here")
  })

  it('lose short lines that are quoted with their ends escaped', () => {
    const source = 'one goose\ntwo geese\n"three" geese\nfour'
    expect(elideEchoes(`bad: ${JSON.stringify(source)} (x)`, [source])).toBe('bad: "[…]" (x)')
  })

  it.each([
    ['in upper case', (source: string) => source.toUpperCase()],
    ['in the ASCII of a Python server', (source: string) => source.replaceAll('ä', String.raw`\u00e4`)],
    ['from its beginning, in quotes', (source: string) => `'${source.slice(0, 14)}...'`],
  ])('lose a source that is quoted %s', (_, quoted) => {
    const source = 'Die Gänse zählen ihre Schläge.'
    const rest = elideEchoes(`Cannot read: ${quoted(source)} at 3`, [source])
    expect(rest).toMatch(/^Cannot read: '?\[…\].{0,4} at 3$/)
  })

  it('lose a source with a letter that grows in lower case', () => {
    const source = 'İstanbul’da Kırk Bir Kaz Hiç Uyumaz'
    expect(elideEchoes(`Cannot read: ${source}`, [source])).toBe('Cannot read: […]')
  })

  it('lose a piece of many bytes', () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 60_000 }, (_, index) => (index * index) >> 3)).toString(
      'base64',
    )
    expect(elideEchoes(`no image: ${bytes.slice(50_000, 50_090)}`, [bytes])).toBe('no image: […]')
    expect(elideEchoes('no image: the bytes are no PNG', [bytes])).toBe('no image: the bytes are no PNG')
  })

  it('keep a field whose name is in the prompt', () => {
    expect(elideEchoes("Unknown parameter: 'max_tokens'.", ['What does max_tokens mean in this API?'])).toBe(
      "Unknown parameter: 'max_tokens'.",
    )
  })

  it('keep what is shared by chance', () => {
    expect(elideEchoes('the geese never sleep', [prompt, 'the'])).toBe('the geese never sleep')
  })

  it('lose any run of twenty-four characters, wherever it starts', () => {
    const source = Array.from({ length: 200 }, (_, index) => String.fromCharCode(0x4e00 + index)).join('')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 176 }), fc.integer({ min: 24, max: 60 }), (start, length) => {
        const run = source.slice(start, start + length)
        expect(elideEchoes(`<${run}>`, [source])).toBe('<[…]>')
      }),
    )
  })

  it('leave no long run of any source', () => {
    const words = fc
      .array(fc.constantFrom('ab', 'abc', 'b', 'ca', 'cab', ' '), { maxLength: 60 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(words, words, (text, source) => {
        const rest = elideEchoes(text, [source])
        for (let at = 0; at + 24 <= source.length; at++) expect(rest.includes(source.slice(at, at + 24))).toBe(false)
      }),
    )
  })

  it('cost little, however large and alike the source', () => {
    const text = 'a'.repeat(1_999)
    expect(elideEchoes(`${text}!`, ['a'.repeat(4_000_000), 'ab'.repeat(2_000_000)])).toBe('[…]!')
    expect(elideEchoes('ab'.repeat(9) + text.replaceAll('a', 'abc'), ['ab'.repeat(9).repeat(100_000)])).not.toBe('')
  })
})
