import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Classification, ClassifyContext } from '../src/classify/classify.ts'
import { classify } from '../src/classify/classify.ts'
import { openEnvelope } from '../src/classify/envelope.ts'
import type { Observation } from '../src/classify/observation.ts'
import { OTHERS } from '../src/classify/rules/others.ts'
import { factsOf, findRule } from '../src/classify/rules/rule.ts'
import { RULES } from '../src/classify/rules.ts'
import { readOtherWords } from '../src/providers/other-words.ts'
import { cerebras } from '../src/providers/presets.ts'
import { CompletionError } from '../src/vocabulary/errors.ts'
import { type ErrorFixture, NEGATIVE, POSITIVE } from './fixtures/errors.ts'

const NOW = Date.UTC(2027, 2, 4, 5, 6, 7)

function observe({ status, headers = {}, body }: Pick<ErrorFixture, 'status' | 'headers' | 'body'>): Observation {
  const response = { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
  return status === 200 ? { kind: 'in_band', response, json: body } : { kind: 'status', response }
}

function read(
  seen: Pick<ErrorFixture, 'status' | 'headers' | 'body'>,
  context: Partial<ClassifyContext> = {},
): Classification {
  return classify(observe(seen), { provider: 'acme', wallNow: NOW, ...context })
}

const classifyOf = ({ provider }: ErrorFixture) =>
  provider === 'cerebras' ? cerebras('m').provider.classify : readOtherWords

describe('rules', () => {
  it.each(POSITIVE)('reads $name', (fixture) => {
    const { code, retryable } = read(fixture, { classify: classifyOf(fixture) })
    expect({ code, retryable }).toEqual({ code: fixture.code, retryable: fixture.retryable })
  })

  it.each(NEGATIVE)('is not misled: $name', (fixture) => {
    const { code, retryable } = read(fixture, { classify: classifyOf(fixture) })
    expect({ code, retryable }).toEqual({ code: fixture.code, retryable: fixture.retryable })
  })

  it('has a fixture for every row', () => {
    const used = new Set(
      POSITIVE.flatMap(({ status, headers = {}, body }) => {
        const text = typeof body === 'string' ? body : JSON.stringify(body)
        const envelope = openEnvelope(headers, text)
        const facts = factsOf(status === 200 ? (envelope.status ?? 0) : status, envelope)
        return [findRule(OTHERS, facts), findRule(RULES, facts)]
      }),
    )
    expect([...OTHERS, ...RULES].filter((rule) => !used.has(rule))).toEqual([])
  })
})

describe('statuses', () => {
  it.each([
    [301, 'invalid_request', false],
    [400, 'invalid_request', false],
    [401, 'authentication', false],
    [402, 'quota_exceeded', false],
    [403, 'permission', false],
    [404, 'not_found', false],
    [405, 'invalid_request', false],
    [408, 'server_error', true],
    [409, 'server_error', true],
    [413, 'invalid_request', false],
    [418, 'invalid_request', false],
    [422, 'invalid_request', false],
    [424, 'server_error', true],
    [425, 'server_error', true],
    [429, 'rate_limit', true],
    [499, 'server_error', true],
    [500, 'server_error', true],
    [502, 'server_error', true],
    [503, 'server_error', true],
    [504, 'server_error', true],
    [520, 'server_error', true],
    [524, 'server_error', true],
    [529, 'overloaded', true],
    [598, 'server_error', true],
    [101, 'invalid_response', true],
    [204, 'invalid_response', true],
  ] as const)('reads a bare %i as %s', (status, code, retryable) => {
    const seen = read({ status, body: '' })
    expect([seen.code, seen.retryable, seen.status]).toEqual([code, retryable, status])
  })

  it('takes the status that an in-band error claims', () => {
    expect(read({ status: 200, body: { error: { message: 'No.', status_code: 401 } } }).code).toBe('authentication')
    expect(read({ status: 200, body: { error: { message: 'No.', http_status_code: 422 } } }).code).toBe(
      'invalid_request',
    )
    expect(read({ status: 200, body: { error: { message: 'No.', code: '429' } } }).code).toBe('rate_limit')
    expect(read({ status: 200, body: { error: { message: 'Broke.' } } }).code).toBe('server_error')
  })
})

describe("the server's word on retrying", () => {
  it('stops what the status would retry', () => {
    expect(read({ status: 503, headers: { 'x-should-retry': 'false' }, body: '' }).retryable).toBe(false)
  })

  it('retries what the status would stop', () => {
    expect(read({ status: 400, headers: { 'x-should-retry': 'true' }, body: '' }).retryable).toBe(true)
  })

  it.each([401, 402, 403, 302])('never overrides a %i', (status) => {
    expect(read({ status, headers: { 'x-should-retry': 'true' }, body: '' }).retryable).toBe(false)
  })

  it('never overrides a content filter', () => {
    const body = { error: { code: 'content_filter', message: 'Filtered.' } }
    expect(read({ status: 400, headers: { 'x-should-retry': 'true' }, body }).retryable).toBe(false)
  })
})

describe('envelopes', () => {
  it.each([
    ['an error object', { error: { message: 'Deep words' } }],
    ['an error string', { error: 'Deep words' }],
    ['a flat object', { object: 'error', message: 'Deep words' }],
    ['an array around it', [{ error: { message: 'Deep words' } }]],
    ['a detail string', { detail: 'Deep words' }],
    ['a detail list', { detail: [{ loc: ['body', 'n'], msg: 'Deep words', type: 'missing' }] }],
    ['a message that is an object', { object: 'error', message: { detail: [{ msg: 'Deep words' }] } }],
    ['JSON in a message', { error: { message: JSON.stringify({ error: { message: 'Deep words' } }), code: 400 } }],
    [
      'JSON twice',
      {
        error: {
          message: JSON.stringify({ error: { message: JSON.stringify({ error: { message: 'Deep words' } }) } }),
        },
      },
    ],
    [
      'an upstream body',
      { error: { message: 'Provider said no', metadata: { raw: '{"error":{"message":"Deep words"}}\n' } } },
    ],
    ['an upstream text', { error: { message: 'Provider said no', metadata: { raw: 'Deep words' } } }],
    ['an error_message', { error_type: 'x', error_message: '{"error":{"message":"Deep words"}}' }],
    ['a list of errors', { success: false, errors: [{ code: 7, message: 'Deep words' }] }],
    ['an SSE frame', 'event: error\r\ndata: {"error":{"message":"Deep words"}}\r\n\r\n'],
    ['an SSE field of llama.cpp', 'error: {"message":"Deep words"}\n\n'],
    ['an NDJSON line', '{"done":false}\n{"error":"Deep words"}\n'],
    ['plain text', '  Deep words\n'],
    ['a byte order mark', '\uFEFF{"error":{"message":"Deep words"}}'],
    ['a page title', '<!DOCTYPE html><html><head><title>Deep\n words</title></head><body>x</body></html>'],
    ['a headline', '<html><body><center><h1>Deep <b>words</b></h1></center></body></html>'],
    ['an XML error', '<?xml version="1.0"?><Error><Code>X</Code><Message>Deep words</Message></Error>'],
    ['JSON that was cut', '{"error":{"message":"Deep words","param":"x","echo":"and then it'],
  ])('are opened down to the words: %s', (_, body) => {
    expect(read({ status: 400, body }).providerMessage).toBe('Deep words')
  })

  it.each([
    [{ error: { code: 'a_code', type: 'a_type' } }, 'a_code'],
    [{ error: { code: 400, type: 'a_type' } }, 'a_type'],
    [{ error: { code: '400', status: 'A_STATUS' } }, 'A_STATUS'],
    [{ error: { code: 'None', type: 'None' } }, undefined],
    [{ error: { code: '1302' } }, '1302'],
    [{ error: { code: 336_003 } }, '336003'],
    [{ type: 'error', error: { type: '1302' } }, '1302'],
    [{ error: 'x', error_type: 'a_kind' }, 'a_kind'],
    [{ message: 'x', type: 'a_type' }, 'a_type'],
    ['text', undefined],
  ])('name the code of %j', (body, code) => {
    expect(read({ status: 400, body }).providerCode).toBe(code)
  })

  it('name the code that only a header has', () => {
    const headers = { 'x-amzn-errortype': 'SomeException:http://x.test/' }
    expect(read({ status: 400, headers, body: { message: 'x' } }).providerCode).toBe('SomeException')
  })

  it('name the field that is complained of', () => {
    expect(read({ status: 400, body: { error: { message: 'x', param: 'top_p' } } }).param).toBe('top_p')
    expect(read({ status: 422, body: { detail: [{ loc: ['body', 'n'], msg: 'x' }] } }).param).toBe('body.n')
  })

  it('prefer the provider’s request id to the edge’s', () => {
    expect(read({ status: 500, headers: { 'cf-ray': 'r', 'request-id': 'q' }, body: '' }).requestId).toBe('q')
    expect(read({ status: 500, headers: { 'cf-ray': 'r' }, body: { request_id: 'b' } }).requestId).toBe('b')
    expect(read({ status: 500, headers: { 'cf-ray': 'r' }, body: '' }).requestId).toBe('r')
  })
})

describe('messages', () => {
  it('say what happened, what was said and what to do', () => {
    const { message } = read({ status: 429, body: { error: { message: 'All\ngone.', type: 'insufficient_quota' } } })
    expect(message).toBe(
      'quota_exceeded: acme answered 429 (insufficient_quota): "All gone." Check the account\'s credit, billing and spending limits.',
    )
  })

  it('name the origin of a redirect and nothing else of it', () => {
    const { message } = read({ status: 307, headers: { location: 'https://me:pw@other.test/v1/x?key=1' }, body: '' })
    expect(message).toContain("set baseURL to the API's address on https://other.test.")
    expect(message).not.toMatch(/pw|key|v1/)
  })

  it('say that a web page is no API', () => {
    const response = { status: 200, headers: {}, body: '<!doctype html><title>Welcome</title>' }
    const observation: Observation = { kind: 'invalid', problem: 'the answer is not JSON', response, retryable: true }
    const seen = classify(observation, { provider: 'acme', wallNow: NOW, baseURLHint: 'https://web.test' })
    expect(seen.message).toContain('check that the baseURL (https://web.test)')
    expect([seen.code, seen.retryable, seen.status]).toEqual(['invalid_response', true, 200])
  })

  it('carry neither secrets nor the prompt', () => {
    const prompt = 'The heron stands at the weir and waits for an eel.'
    const body = { error: { message: `Bad key hunter2-secret for: ${prompt}` } }
    const seen = read({ status: 401, body }, { secrets: ['hunter2-secret'], echoes: () => [prompt] })
    expect(JSON.stringify(seen)).not.toMatch(/hunter2|heron/)
    expect(seen.providerMessage).toBe('Bad key [redacted] for: […]')
  })

  it('cut what a provider says at length', () => {
    const seen = read({ status: 400, body: 'word '.repeat(9_000) })
    expect(seen.providerMessage).toHaveLength(2_000)
    expect(seen.message.length).toBeLessThan(400)
  })
})

describe('what was thrown', () => {
  const thrown = (message: string, code?: string) =>
    classify(
      { kind: 'thrown', error: Object.assign(new Error(message), { code }), response: undefined },
      { provider: 'acme', wallNow: NOW },
    )

  it.each([
    ['self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', true],
    ['certain bytes were lost', 'ECONNRESET', false],
  ])('%s: unsent %#', (message, code, unsent) => {
    expect(thrown(message, code).unsent).toBe(unsent)
  })
})

describe('a provider’s own reading', () => {
  it('comes before the rules', () => {
    const seen = read({ status: 400, body: '' }, { classify: () => ({ code: 'overloaded', retryable: true }) })
    expect([seen.code, seen.retryable]).toEqual(['overloaded', true])
  })

  it('may say nothing, and may throw', () => {
    expect(read({ status: 401, body: '' }, { classify: () => undefined }).code).toBe('authentication')
    const broken = () => {
      throw new Error('mine')
    }
    expect(read({ status: 401, body: '' }, { classify: broken }).code).toBe('authentication')
  })
})

describe('a broken exchange', () => {
  it('passes on an error that is classified already', () => {
    const error = new CompletionError({ code: 'authentication', message: 'no key', providerCode: 'k' })
    const seen = classify({ kind: 'thrown', error }, { provider: 'acme', wallNow: NOW })
    expect(seen).toMatchObject({ code: 'authentication', retryable: false, message: 'no key', providerCode: 'k' })
  })

  it('keeps the status of an error whose body broke', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' })
    const response = { status: 401, headers: { 'x-request-id': 'q' }, body: '' }
    const seen = classify({ kind: 'thrown', error, response }, { provider: 'acme', wallNow: NOW })
    expect([seen.code, seen.status, seen.requestId]).toEqual(['authentication', 401, 'q'])
  })

  it.each([200, 201])('is the network under the good status %i', (status) => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' })
    const response = { status, headers: {}, body: '{"cho' }
    const seen = classify({ kind: 'thrown', error, response }, { provider: 'acme', wallNow: NOW })
    expect([seen.code, seen.retryable, seen.status]).toEqual(['network', true, status])
    expect(seen.message).toBe(
      'network: acme: the connection was closed early (ECONNRESET). Check the network and the baseURL.',
    )
  })
})

it('reads anything at all without throwing', () => {
  const headers = fc.dictionary(
    fc.constantFrom('retry-after', 'x-should-retry', 'location', 'date', 'x-request-id'),
    fc.string(),
  )
  const seen = fc.record({
    status: fc.integer({ min: 100, max: 999 }),
    headers,
    body: fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `data: ${json}\n\n`),
    ),
  })
  fc.assert(
    fc.property(seen, fc.jsonValue(), (response, json) => {
      const context = { provider: 'acme', wallNow: NOW }
      for (const observation of [{ kind: 'status', response } as const, { kind: 'in_band', response, json } as const]) {
        const classified = classify(observation, context)
        expect(classified.message.startsWith(`${classified.code}: `)).toBe(true)
        expect(classified).toEqual(classify(observation, context))
      }
    }),
  )
})
