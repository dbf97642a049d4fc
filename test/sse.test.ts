import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSseParser, type SseFrame, type SseParser, type SseParserOptions } from '../src/answer/sse.ts'

const encoder = new TextEncoder()
const toBytes = (input: string | Uint8Array): Uint8Array => (typeof input === 'string' ? encoder.encode(input) : input)

function drain(parser: SseParser, frames: SseFrame[]): void {
  for (let frame = parser.next(); frame !== undefined; frame = parser.next()) frames.push(frame)
}

function readChunks(chunks: Iterable<Uint8Array>, options?: SseParserOptions): SseFrame[] {
  const parser = createSseParser(options)
  const frames: SseFrame[] = []
  for (const chunk of chunks) {
    parser.push(chunk)
    drain(parser, frames)
  }
  parser.end()
  drain(parser, frames)
  return frames
}

const read = (input: string | Uint8Array, options?: SseParserOptions): SseFrame[] =>
  readChunks([toBytes(input)], options)
const event = (data: string, name?: string): SseFrame => ({ kind: 'event', event: name, data })
const COMMENT: SseFrame = { kind: 'comment' }

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

const summary = (frames: readonly SseFrame[]): string =>
  frames.map((frame) => (frame.kind === 'event' ? `${frame.event}=${frame.data}` : frame.kind)).join('|')

/**
 * The specification's algorithm, word for word over the whole document, with this parser's own rules for comments, `error`, bare JSON and
 * the end.
 */
function expected(bytes: Uint8Array): SseFrame[] {
  const frames: SseFrame[] = []
  let data: string[] = []
  let errors: string[] = []
  let bare: string[] = []
  let name = ''
  const dispatch = (): void => {
    if (errors.length === 0 && bare.join('').includes('"error"')) errors = bare
    if (errors.length > 0) frames.push(event(errors.join('\n'), 'error'))
    else if (data.length > 0) frames.push(event(data.join('\n'), name || undefined))
    data = []
    errors = []
    bare = []
    name = ''
  }
  for (const line of new TextDecoder().decode(bytes).split(/\r\n|\r|\n/)) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (line === '') dispatch()
    else if (line.startsWith(':')) {
      if (name === '' && [...data, ...errors, ...bare].length === 0) frames.push(COMMENT)
    } else if (field === 'data') data.push(value)
    else if (field === 'event') name = value
    else if (field === 'error') errors.push(value)
    else if (/^\s*["{}[\]]/.test(line) && line !== '[DONE]') bare.push(line)
  }
  dispatch()
  return frames
}

const DOCUMENTS: Readonly<Record<string, string>> = {
  'a chat with its end marker': 'data: {"a":"é🌍"}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n',
  'CRLF and names': 'event: start\r\ndata: {"x":"日本"}\r\n\r\n: ping\r\n\r\nevent: stop\r\ndata: 1\r\ndata: 2\r\n\r\n',
  'CR alone': 'data: a\rdata: b\r\r: c\r\rdata: d\r\r',
  'every line end at once': 'data: a\n\r\ndata: b\r\n\ndata: c\r\n\rdata: d\n\rdata: e\r\r\n',
  'a byte order mark and no last blank line': '\uFEFFid: 7\ndata: x\nretry: 5\n\n: one\n: two\ndata: 🌍',
  'JSON without a field': 'data: a\n\n{\n"error": {}\n}\r\n\r\n[DONE]\ndata: b\n\n{}\n',
  'an error field between events': 'data: a\n\nerror: {"code":400}\n\ndata: b\n\n',
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('fields', () => {
  const cases: readonly [name: string, input: string, frames: SseFrame[]][] = [
    ['data lines are joined by line feeds', 'data: a\ndata:\ndata: b\n\n', [event('a\n\nb')]],
    [
      'one leading space is removed, not two',
      'data:a\n\ndata: a\n\ndata:  a\n\n',
      [event('a'), event('a'), event(' a')],
    ],
    ['an empty data field is an event', 'data\n\ndata:\n\ndata\ndata\n\n', [event(''), event(''), event('\n')]],
    ['an event without data is not told', 'event: x\n\nid: 1\n\ndata: a\n\n', [event('a')]],
    ['a name lasts for one event', 'event: x\ndata: a\n\ndata: b\n\n', [event('a', 'x'), event('b')]],
    [
      'the last name wins, an empty one is none',
      'event: x\nevent: y\ndata: a\n\nevent: x\nevent:\ndata: b\n\n',
      [event('a', 'y'), event('b')],
    ],
    ['names of fields are taken literally', 'Data: a\n data: b\ndatab: c\ndata : d\ndata: e\n\n', [event('e')]],
    ['other fields are ignored', 'id: 1\nretry: 10\nfoo: bar\nfoo\ndata: a\n\n', [event('a')]],
    ['colons in a value are kept', 'data: a:b: c\n\n', [event('a:b: c')]],
    ['blank lines in a row tell nothing', '\n\n\r\n\r\rdata: a\n\n\n\n', [event('a')]],
    [
      'comments are told apart from events',
      ': ping\n\n:\n\n:a\n:  b\ndata: x\n\n',
      [COMMENT, COMMENT, COMMENT, COMMENT, event('x')],
    ],
    ['a comment inside an event is silent', 'event: x\n: ping\ndata: a\n: ping\n\n', [event('a', 'x')]],
    ['an error field is an error event', 'error: {"code":400}\n\n', [event('{"code":400}', 'error')]],
    [
      'an error field outranks data beside it',
      'event: x\ndata: a\nerror: b\n\ndata: c\n\n',
      [event('b', 'error'), event('c')],
    ],
    [
      'JSON without a field is an error where it speaks of one',
      'data: a\r\n\r\n{\r\n  "error": {\r\n    "code": 503\r\n  }\r\n}\r\n',
      [event('a'), event('{\n  "error": {\n    "code": 503\n  }\n}', 'error')],
    ],
    [
      'other lines without a field are ignored',
      '{"done":true}\n\nevent: x\n[DONE]\ndata: a\n\n[1]\n: b\n\ndata: c\n\n',
      [event('a', 'x'), event('c')],
    ],
    ['an error event by name keeps its data', 'event: error\ndata: a\n\n', [event('a', 'error')]],
    [
      'a byte order mark counts only at the start',
      '\uFEFFdata: a\n\n\uFEFFdata: b\n\ndata: \uFEFFc\n\n',
      [event('a'), event('\uFEFFc')],
    ],
    ['a byte order mark after a blank line is text', '\n\uFEFFdata: a\n\n', []],
    ['the last event needs no blank line', 'data: a\n\nevent: x\ndata: b\n', [event('a'), event('b', 'x')]],
    ['the last line needs no line end', 'data: a\n\ndata: [DONE]', [event('a'), event('[DONE]')]],
    ['the last comment needs no line end', 'data: a\n\n: bye', [event('a'), COMMENT]],
    ['an empty stream tells nothing', '', []],
    ['a null character is kept', 'data: a\0b\n\n', [event('a\0b')]],
  ]
  test.each(cases)('%s', (_name, input, frames) => {
    expect(read(input)).toEqual(frames)
    expect(expected(toBytes(input))).toEqual(frames)
  })

  test('broken UTF-8 becomes replacement characters within its line', () => {
    const bytes = Uint8Array.of(...toBytes('data: a'), 0xe2, 0x82, 0x0a, 0x0a, ...toBytes('data: b'), 0xff, 0x0d, 0x0d)
    expect(read(bytes)).toEqual([event('a\uFFFD'), event('b\uFFFD')])
  })
})

describe('chunks', () => {
  test.each(Object.entries(DOCUMENTS))('%s reads alike however it is split', (_name, text) => {
    const bytes = toBytes(text)
    const whole = expected(bytes)
    expect(read(bytes)).toEqual(whole)
    expect(readChunks(pieces(bytes, 1))).toEqual(whole)
    for (let i = 0; i <= bytes.length; i++) {
      for (let j = i; j <= bytes.length; j++) {
        const parts = [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)]
        expect(readChunks(parts), `split at ${i} and ${j}`).toEqual(whole)
      }
    }
  })

  test('chunks pushed together read as when pushed one by one', () => {
    for (const text of Object.values(DOCUMENTS)) {
      const parser = createSseParser()
      const frames: SseFrame[] = []
      for (const piece of pieces(toBytes(text.repeat(300)), 3)) parser.push(piece)
      parser.end()
      drain(parser, frames)
      expect(frames).toEqual(expected(toBytes(text.repeat(300))))
    }
  })

  test('any document reads alike in any chunks', () => {
    const token = fc.constantFrom(
      'data',
      'event',
      'error',
      ':',
      ': ',
      ' ',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      'é',
      '🌍',
      '\uFEFF',
      'x',
    )
    const document = fc.array(token, { maxLength: 60 }).map((tokens) => tokens.join(''))
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 })
    const split = (bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] => {
      const parts: Uint8Array[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const length = lengths[i % lengths.length] ?? 1
        parts.push(bytes.subarray(at, at + length))
        at += length
      }
      return parts
    }
    fc.assert(
      fc.property(document, sizes, fc.constantFrom(0, 1, 7, 4_096), (text, lengths, windowBytes) => {
        const bytes = toBytes(text)
        expect(readChunks(split(bytes, lengths), { windowBytes })).toEqual(expected(bytes))
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(
        document,
        sizes,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0, 5, 4_096),
        (text, lengths, maxEventBytes, windowBytes) => {
          const bytes = toBytes(text)
          expect(readChunks(split(bytes, lengths), { maxEventBytes, windowBytes })).toEqual(
            read(bytes, { maxEventBytes }),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('a million random inputs read alike and never throw', { timeout: 60_000 }, () => {
    const tokens = ['data:', 'event: ', 'error:', ':', ' ', '\n', '\r', '\n\n', 'x'].map(toBytes)
    tokens.push(
      Uint8Array.of(0xff),
      Uint8Array.of(0xe2, 0x82),
      Uint8Array.of(0xef, 0xbb, 0xbf),
      Uint8Array.of(0xf0),
      Uint8Array.of(0),
    )
    const seed = 20_251_121
    let state = seed
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const input = new Uint8Array(64)
    let told = 0
    const different: string[] = []
    for (let run = 0; run < 1_000_000; run++) {
      let length = 0
      for (let count = random(10); count > 0; count--) {
        const token = tokens[random(tokens.length)] as Uint8Array
        input.set(token, length)
        length += token.length
      }
      const options = { maxEventBytes: random(2) === 0 ? 8 : Infinity, windowBytes: random(3) * 4 }
      const cut = random(length + 1)
      const whole = readChunks([input.subarray(0, length)], options)
      const split = readChunks([input.subarray(0, cut), input.subarray(cut, length)], options)
      told += whole.length
      if (summary(whole) !== summary(split)) different.push(`seed ${seed}, run ${run}, split at ${cut}`)
    }
    expect(different).toEqual([])
    expect(told).toBeGreaterThan(100_000)
  })
})

describe('work', () => {
  const total = 1_000_000
  const shapes: Readonly<Record<string, string>> = {
    'one long line': `data: ${'x'.repeat(total)}\n\n`,
    'one long comment': `: ${'x'.repeat(total)}\n\n`,
    'many data lines in one event': `${'data: abc\n'.repeat(total / 10)}\n`,
    'many data lines ended by CR': `${'data: abc\r'.repeat(total / 10)}\r`,
    'many lines without a colon': `${'nothing\n'.repeat(total / 8)}\n`,
    'many comments without blank lines': ': a\n'.repeat(total / 4),
    'many small events': 'data: abc\n\n'.repeat(total / 11),
    'many blank lines': '\r\n'.repeat(total / 2),
  }
  describe.each([7, 1_000, 16_384, total * 2])('in pieces of %i bytes', (size) => {
    test.each(Object.entries(shapes))('%s costs work in proportion to its bytes', (_name, text) => {
      const bytes = toBytes(text)
      const indexOf = String.prototype.indexOf
      let searched = 0
      vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, what: string, from = 0) {
        const index = indexOf.call(this, what, from)
        searched += (index === -1 ? this.length : index) - from
        return index
      })
      const parser = createSseParser()
      for (const piece of pieces(bytes, size)) {
        parser.push(piece)
        while (parser.next() !== undefined);
      }
      parser.end()
      while (parser.next() !== undefined);
      vi.restoreAllMocks()
      const { scanned, copied, decoded } = parser.work()
      expect(decoded).toBeLessThanOrEqual(bytes.length)
      expect(copied).toBeLessThanOrEqual(4 * bytes.length)
      expect(scanned).toBeLessThanOrEqual(3 * bytes.length)
      expect(searched).toBeLessThanOrEqual(4 * bytes.length)
    })
  })

  test('bytes are not looked at before they are asked for', () => {
    const decode = vi.spyOn(TextDecoder.prototype, 'decode')
    const parser = createSseParser()
    for (let i = 0; i < 5_000; i++) parser.push(toBytes(`data: ${i}\n\n`))
    expect(parser.work()).toEqual({ scanned: 0, copied: 0, decoded: 0 })
    expect(parser.next()).toEqual(event('0'))
    expect(decode).toHaveBeenCalledTimes(1)
    expect(parser.work().decoded).toBeLessThanOrEqual(4_096)
    expect(parser.work().copied).toBeLessThanOrEqual(4_096)
  })

  test('a window of nothing decodes one event at a time', () => {
    const parser = createSseParser({ windowBytes: 0 })
    parser.push(toBytes('data: one\n\ndata: two\n\n'))
    expect(parser.next()).toEqual(event('one'))
    expect(parser.work().decoded).toBe('data: one\n\n'.length)
  })

  test('a comment is told before any blank line follows', () => {
    const parser = createSseParser()
    parser.push(toBytes('data: a\n\n: ping\n'))
    expect(parser.next()).toEqual(event('a'))
    expect(parser.next()).toEqual(COMMENT)
    expect(parser.next()).toBeUndefined()
  })

  test('an event is told with its blank line, not later', () => {
    const parser = createSseParser()
    parser.push(toBytes('data: a\r\n\r'))
    expect(parser.next()).toEqual(event('a'))
    parser.push(toBytes('\ndata: b\n'))
    expect(parser.next()).toBeUndefined()
    parser.push(toBytes('\n'))
    expect(parser.next()).toEqual(event('b'))
  })
})

describe('the size limit', () => {
  const tooLarge: SseFrame = { kind: 'too_large' }
  const fits = `data: ${'x'.repeat(12)}\n\n`
  const over = `data: ${'x'.repeat(13)}\n\n`

  test.each([1, 2, 7, 100])('is exact in pieces of %i bytes', (size) => {
    const limit = { maxEventBytes: 20 }
    expect(readChunks(pieces(toBytes(fits.repeat(3)), size), limit)).toEqual(Array(3).fill(event('x'.repeat(12))))
    expect(readChunks(pieces(toBytes(fits + over + fits), size), limit)).toEqual([event('x'.repeat(12)), tooLarge])
  })

  test('counts bytes, not characters', () => {
    expect(read('data: éééééé\n\n', { maxEventBytes: 20 })).toEqual([event('éééééé')])
    expect(read('data: ééééééé\n\n', { maxEventBytes: 20 })).toEqual([tooLarge])
  })

  test('holds for an event that never ends', () => {
    const parser = createSseParser({ maxEventBytes: 20 })
    parser.push(toBytes('x'.repeat(20)))
    expect(parser.next()).toBeUndefined()
    parser.push(toBytes('x'))
    expect(parser.next()).toEqual(tooLarge)
  })

  test('holds for many short lines and for comments', () => {
    expect(read('data: a\n'.repeat(3), { maxEventBytes: 20 })).toEqual([tooLarge])
    expect(read(`: ${'x'.repeat(20)}\n`, { maxEventBytes: 20 })).toEqual([tooLarge])
    expect(read(': x\n'.repeat(9), { maxEventBytes: 20 })).toEqual(Array.from({ length: 9 }, () => COMMENT))
  })

  test('is told once and ends the stream', () => {
    const parser = createSseParser({ maxEventBytes: 20 })
    parser.push(toBytes(over))
    expect(parser.next()).toEqual(tooLarge)
    parser.push(toBytes(fits))
    parser.end()
    expect(parser.next()).toBeUndefined()
  })
})
