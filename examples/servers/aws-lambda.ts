// A Lambda function behind API Gateway: the answer is ready before the gateway or the function gives up, whichever comes first.
import { complete, openai } from 'punctual'
import { deadlineFrom, type LambdaContext, platforms, toProblem } from 'punctual/server'

interface GatewayEvent {
  /** Absent where the request has none. */
  readonly body?: string | undefined
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
    const { text } = await complete(
      { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: promptOf(event.body) }] },
      { deadline },
    )
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }
  } catch (error) {
    const { status, headers, body } = toProblem(error)
    return { statusCode: status, headers, body: JSON.stringify(body) }
  }
}

/** What is asked, or the caller's mistake in the form of http-errors, with whose status toProblem answers. */
function promptOf(json = ''): string {
  try {
    const { prompt } = JSON.parse(json) as { prompt?: unknown }
    if (typeof prompt === 'string') return prompt
  } catch {
    // Said below.
  }
  throw Object.assign(new Error('The body must be { "prompt": "…" }'), { statusCode: 400, expose: true })
}
