import { afterEach, describe, expect, test, vi } from 'vitest'
import { azureOpenAI } from '../src/providers/azure.ts'
import { authorized, bodyOf, request } from './support/wire.ts'

afterEach(() => vi.unstubAllEnvs())

const endpoint = 'https://unit.openai.azure.com'

function url(settings: Parameters<typeof azureOpenAI>[0] & object): string {
  vi.stubEnv('OPENAI_API_VERSION', '')
  return azureOpenAI(settings)('my deployment').provider.prepare(request({ model: 'my deployment' })).url
}

describe('the endpoint', () => {
  test('a dated version calls the deployment’s path', () => {
    expect(url({ endpoint, apiKey: 'k', apiVersion: '2024-10-21' })).toBe(
      `${endpoint}/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21`,
    )
  })

  test('without a version the undated path is called', () => {
    expect(url({ endpoint, apiKey: 'k' })).toBe(`${endpoint}/openai/v1/chat/completions`)
    expect(url({ endpoint, apiKey: 'k', apiVersion: 'preview' })).toBe(
      `${endpoint}/openai/v1/chat/completions?api-version=preview`,
    )
    expect(
      url({ endpoint: `${endpoint}/openai/deployments/d/chat/completions?api-version=2024-10-21`, apiKey: 'k' }),
    ).toBe(`${endpoint}/openai/v1/chat/completions`)
    expect(url({ endpoint: `${endpoint}/openai/v1/`, apiKey: 'k' })).toBe(`${endpoint}/openai/v1/chat/completions`)
  })

  test('everything may come from the environment', () => {
    vi.stubEnv('AZURE_OPENAI_ENDPOINT', endpoint)
    vi.stubEnv('AZURE_OPENAI_API_KEY', 'key-1')
    vi.stubEnv('OPENAI_API_VERSION', '2024-10-21')
    const { provider } = azureOpenAI('d')
    expect(provider.prepare(request({ model: 'd' })).url).toContain('/openai/deployments/d/')
    expect(authorized(provider)).toEqual({ 'api-key': 'key-1' })
    vi.stubEnv('AZURE_OPENAI_ENDPOINT', '')
    expect(() => provider.prepare(request())).toThrow(/^authentication: azure: .*Set AZURE_OPENAI_ENDPOINT/)
  })

  test('the deployment is the model', () => {
    expect(bodyOf(azureOpenAI({ endpoint, apiKey: 'k' })('d'), { maxTokens: 3 })).toMatchObject({
      model: 'd',
      max_completion_tokens: 3,
    })
  })
})

describe('the credential', () => {
  test('a token is asked for every attempt and sent as a bearer', async () => {
    let asked = 0
    const { provider } = azureOpenAI({ endpoint, token: async () => `token-${++asked}` })('d')
    expect(await authorized(provider)).toEqual({ authorization: 'Bearer token-1' })
    expect(await authorized(provider, { rejected: true })).toEqual({ authorization: 'Bearer token-2' })
  })

  test('key and token exclude each other', () => {
    expect(() => azureOpenAI({ endpoint, apiKey: 'k', token: 't' })).toThrow(/exclude each other/)
  })
})
