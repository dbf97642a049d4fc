import { readFileSync } from 'node:fs'
import { type AnyCompletionError, complete } from 'punctual'
import { afterEach, describe, expect, test } from 'vitest'
import { bedrock, sign } from '../examples/bedrock-sigv4.ts'
import { nativeOllama } from '../examples/own-provider.ts'
import { type FaultServer, faultServer } from './support/fault-server.ts'
import { WIRES } from './support/wires.ts'

const messages = [{ role: 'user', content: 'Hello' }] as const
let server: FaultServer | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

describe("a provider of one's own", () => {
  const answer = { model: 'm', message: { content: 'Hi' }, done: true, done_reason: 'stop', eval_count: 2 }

  test('answers, and tries again what was cut', async () => {
    server = await faultServer(({ json, index }) => json(index === 0 ? { ...answer, done: false } : answer))
    const model = nativeOllama(server.origin)('m')
    const completion = await complete({ model, messages, maxTokens: 9 }, { retry: { baseDelay: 0 } })
    expect(completion).toMatchObject({ text: 'Hi', provider: 'native-ollama', usage: { outputTokens: 2 } })
    expect(completion.attempts.map(({ outcome }) => outcome)).toEqual(['error', 'ok'])
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({ stream: false, options: { num_predict: 9 } })
  })

  test('says what its own errors mean', async () => {
    server = await faultServer(({ json }) => json({ error: "model 'm' not found" }, { status: 400 }))
    const model = nativeOllama(server.origin)('m')
    const error = await complete({ model, messages }).catch((thrown: AnyCompletionError) => thrown)
    expect(error).toMatchObject({ code: 'not_found', retryable: false })
  })

  test('takes under 60 lines', () => {
    const text = readFileSync(new URL('../examples/own-provider.ts', import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThan(60)
  })
})

/** The credentials of AWS's published test suite for Signature Version 4. */
const KNOWN = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

describe('Bedrock by SigV4', () => {
  test('signs as the published test suite does', () => {
    const at = new Date('2015-08-30T12:36:00Z')
    const request = { url: 'https://example.amazonaws.com/', body: '', region: 'us-east-1', service: 'service', at }
    expect(sign({ ...request, ...KNOWN })).toEqual({
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
        'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    })
  })

  test('signs every attempt with the credentials of its time', async () => {
    server = await faultServer(({ json, index }) =>
      index === 0 ? json({}, { status: 503 }) : json(WIRES[0]?.body({ text: 'Hi' })),
    )
    const given = ['first', 'second'].map((accessKeyId) => ({ ...KNOWN, accessKeyId, sessionToken: 'session' }))
    const credentials = () => Promise.resolve(given.shift() ?? KNOWN)
    const model = bedrock({ region: 'eu-west-1', credentials, baseURL: `${server.origin}/openai/v1` })('openai.gpt-oss')
    expect((await complete({ model, messages }, { retry: { baseDelay: 0 } })).text).toBe('Hi')
    const { requests, origin } = server
    expect(requests).toHaveLength(2)
    for (const [index, { headers, body, path }] of requests.entries()) {
      const [, year, month, day, hours, minutes, seconds] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '') ?? []
      const at = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
      const accessKeyId = ['first', 'second'][index] ?? ''
      const again = sign({
        url: `${origin}${path}`,
        body,
        region: 'eu-west-1',
        service: 'bedrock',
        at,
        ...KNOWN,
        accessKeyId,
        sessionToken: 'session',
      })
      expect(headers).toMatchObject(again)
      expect(again['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token')
    }
  })
})
