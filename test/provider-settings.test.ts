import { describe, expect, test, vi } from 'vitest'
import { anthropic } from '../src/providers/anthropic.ts'
import { azureOpenAI } from '../src/providers/azure.ts'
import { base64, bytes, imageType } from '../src/providers/media.ts'
import { openai } from '../src/providers/openai.ts'
import type { ModelFactory } from '../src/vocabulary/provider.ts'
import { authorized, request } from './support/wire.ts'

describe('settings that cannot work', () => {
  test.each<[object | null, RegExp]>([
    [null, /openai takes a model id or an object of settings/],
    [{ apikey: 'x' }, /openai\.apikey is unknown: did you mean apiKey\?/],
    [{ base_url: 'x' }, /did you mean baseURL\?/],
    [{ organisation: 'x' }, /did you mean organization\?/],
    [{ colour: 'x' }, /openai\.colour is unknown: known are apiKey, baseURL/],
    [{ apiKey: '' }, /openai\.apiKey must be a non-empty string/],
    [{ apiKey: 7 }, /openai\.apiKey must be a non-empty string/],
    [{ apiKey: 'a\nb' }, /openai\.apiKey has a line break/],
    [{ project: 'a\r\nx: y' }, /openai\.project has a line break/],
    [{ headers: { 'x-a': 'a\r\nb' } }, /openai\.headers\.x-a has a line break/],
    [{ headers: { 'x-a': 1 } }, /openai\.headers\.x-a must be a string/],
    [{ headers: { 'x a': 'b' } }, /openai\.headers has an invalid header name/],
    [{ headers: 'x' }, /openai\.headers must be an object/],
    [{ maxTokens: 0 }, /openai\.maxTokens must be a whole number above 0, got 0/],
    [{ baseURL: 'localhost' }, /openai\.baseURL must be an absolute URL/],
    [{ baseURL: 'ftp://example.com' }, /begins with http/],
    [{ baseURL: 'https://me:secret@example.com' }, /must not hold credentials/],
  ])('%j is a TypeError with the remedy', (settings, message) => {
    expect(() => openai(settings as never)).toThrow(TypeError)
    expect(() => openai(settings as never)).toThrow(message)
  })

  test.each<[() => unknown, RegExp]>([
    [() => azureOpenAI({ endpoint: 'https://a.example', token: '' }), /^azureOpenAI\.token must be a non-empty string/],
    [() => azureOpenAI({ endpoint: 'https://a.example', token: 5 as never }), /^azureOpenAI\.token must be/],
    [() => anthropic({ authToken: {} as never }), /^anthropic\.authToken must be/],
    [
      () => anthropic({ apiKey: 'a', authToken: 'b' }),
      /^anthropic\.apiKey and anthropic\.authToken exclude each other/,
    ],
  ])('a token is held to what a key is: %#', (make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test('no message repeats a secret', () => {
    for (const settings of [{ apiKey: 'secret\n' }, { baseURL: 'https://me:secret@example.com' }]) {
      expect(() => openai(settings)).toThrow(expect.not.stringContaining('secret'))
    }
  })
})

describe('settings that work', () => {
  test('undefined members are absent', () => {
    expect(() =>
      openai({ apiKey: undefined, baseURL: undefined, headers: undefined, maxTokens: undefined }),
    ).not.toThrow()
  })

  test('headers are sent in lower case over our own', () => {
    const { headers } = openai({ headers: { 'X-Team': 'a', 'Content-Type': 'b' } })('m').provider.prepare(request())
    expect(headers).toEqual({ 'x-team': 'a', 'content-type': 'b' })
  })

  test('a base URL may be a URL', () => {
    const { provider } = openai({ baseURL: new URL('http://localhost:1/v1//?a=b#c') })('m')
    expect(provider.prepare(request()).url).toBe('http://localhost:1/v1/chat/completions?a=b')
  })
})

describe('the types', () => {
  test('a provider and what its settings make are both factories', () => {
    const factories: ModelFactory[] = [openai, openai({ apiKey: 'k' })]
    expect(factories.map((factory) => factory('m').id)).toEqual(['m', 'm'])
    // @ts-expect-error a model is no factory
    expect(() => openai('m')('n')).toThrow(TypeError)
    // @ts-expect-error the name of the setting is apiKey
    expect(() => openai({ apikey: 'k' })).toThrow(TypeError)
  })
})

describe('keys', () => {
  test('a function is told whom it is for, and asked again', () => {
    const apiKey = vi.fn(() => 'key-1')
    const { provider } = openai({ apiKey })('m')
    const { signal } = new AbortController()
    expect(authorized(provider, { signal })).toEqual({ authorization: 'Bearer key-1' })
    expect(authorized(provider, { signal, rejected: true })).toEqual({ authorization: 'Bearer key-1' })
    expect(apiKey.mock.calls).toEqual([[{ signal, provider: 'openai' }], [{ signal, provider: 'openai' }]])
  })

  test('a key of the settings cannot be renewed', () => {
    expect(authorized(openai({ apiKey: 'key-1' })('m').provider, { rejected: true })).toBeUndefined()
  })

  test('the call’s key outranks the settings’ one', () => {
    const apiKey = vi.fn(() => 'key-1')
    expect(authorized(openai({ apiKey })('m').provider, { apiKey: 'key-2' })).toEqual({ authorization: 'Bearer key-2' })
    expect(apiKey).not.toHaveBeenCalled()
  })

  test('a function that gives no usable key fails the authentication', async () => {
    for (const given of ['', undefined]) {
      const { provider } = openai({ apiKey: async () => given as string })('m')
      await expect(authorized(provider)).rejects.toMatchObject({ code: 'authentication' })
    }
  })

  test('what the function throws is passed on', async () => {
    const failure = new Error('vault')
    const { provider } = openai({ apiKey: () => Promise.reject(failure) })('m')
    await expect(authorized(provider)).rejects.toBe(failure)
  })
})

describe('base64', () => {
  test('bytes of any length survive the way there and back', () => {
    const long = Uint8Array.from({ length: 20_001 }, (_, index) => index % 256)
    for (const data of [new Uint8Array(), long]) {
      expect(bytes(base64(data))).toEqual(data)
      expect(base64(data)).toBe(Buffer.from(data).toString('base64'))
    }
    expect(base64('QUJD')).toBe('QUJD')
  })

  test('what is no base64 is a TypeError', () => {
    expect(() => bytes('*')).toThrow(TypeError)
  })

  test('runtimes with a native encoder use it', () => {
    const data = Object.assign(new Uint8Array([1]), { toBase64: () => 'native' })
    expect(base64(data)).toBe('native')
  })

  test('an image’s first bytes tell its type', () => {
    expect(imageType('/9j/4AAQ')).toBe('image/jpeg')
    expect(imageType('UklGRg')).toBe('image/webp')
    expect(imageType('AAAA')).toBeUndefined()
  })
})
