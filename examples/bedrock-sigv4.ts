/*
 * Amazon Bedrock by IAM credentials: its endpoint speaks Chat Completions, and `authorize` signs every attempt with AWS Signature
 * Version 4 (docs.aws.amazon.com/IAM, "Create a signed AWS API request"). With a Bedrock API key none of this is needed: give it as
 * `apiKey`.
 */
import { createHash, createHmac } from 'node:crypto'
import { type Model, openaiCompatible } from 'punctual'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface BedrockSettings {
  readonly region: string
  /** Asked for every attempt, so that rotated credentials are used at once. */
  readonly credentials: (signal: AbortSignal) => Promise<AwsCredentials>
  readonly baseURL?: string | undefined
}

/** Models of Amazon Bedrock in one region. */
export function bedrock({ region, credentials, baseURL }: BedrockSettings): (id: string) => Model {
  const models = openaiCompatible({
    name: 'bedrock',
    baseURL: baseURL ?? `https://bedrock-runtime.${region}.amazonaws.com/openai/v1`,
  })
  return (id) => {
    const { provider } = models(id)
    return {
      id,
      provider: {
        ...provider,
        authorize: async ({ url, body }, { signal, rejected }) =>
          rejected
            ? undefined
            : sign({ url, body, region, service: 'bedrock', at: new Date(), ...(await credentials(signal)) }),
      },
    }
  }
}

export interface Signing extends AwsCredentials {
  readonly url: string
  readonly body: string
  readonly region: string
  readonly service: string
  readonly at: Date
}

/** The headers that sign a POST. */
export function sign({ url, body, region, service, at, ...credentials }: Signing): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const { host, pathname, searchParams } = new URL(url)
  const time = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const signed: Record<string, string> = { host, 'x-amz-date': time }
  if (sessionToken !== undefined) signed['x-amz-security-token'] = sessionToken
  searchParams.sort()
  const names = Object.keys(signed).join(';')
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', pathname, searchParams.toString(), lines.join(''), names, sha256(body)].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const { host: _, ...headers } = signed
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`,
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
