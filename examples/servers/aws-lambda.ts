// A Lambda function behind API Gateway: the answer is ready before the gateway or the function gives up, whichever comes first.
import { complete, openai } from 'punctual'
import { deadlineFrom, type LambdaContext, platforms, toProblem } from 'punctual/server'

interface GatewayEvent {
  readonly body: string
  readonly requestContext: { readonly timeEpoch: number }
}

interface GatewayResult {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export async function handler(event: GatewayEvent, context: LambdaContext): Promise<GatewayResult> {
  const deadline = deadlineFrom([context, { platform: platforms.awsHttpApi, event }], { reserve: 1_000 })
  try {
    const { prompt } = JSON.parse(event.body) as { prompt: string }
    const { text } = await complete(
      { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: prompt }] },
      { deadline },
    )
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }
  } catch (error) {
    const { status, headers, body } = toProblem(error)
    return { statusCode: status, headers, body: JSON.stringify(body) }
  }
}
