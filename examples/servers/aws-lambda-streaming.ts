// A Lambda function whose URL is invoked with response streaming: RESPONSE_STREAM.
import { pipeline } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { openai, stream } from 'punctual'
import { deadlineFrom, type LambdaContext, relayResponse } from 'punctual/server'

/** What Lambda's Node runtime defines globally. */
declare const awslambda: {
  streamifyResponse(
    handler: (event: { readonly body: string }, responseStream: Writable, context: LambdaContext) => Promise<void>,
  ): unknown
  readonly HttpResponseStream: {
    from(stream: Writable, head: { readonly statusCode: number; readonly headers: Record<string, string> }): Writable
  }
}

export const handler: unknown = awslambda.streamifyResponse(async (event, responseStream, context) => {
  const { prompt } = JSON.parse(event.body) as { prompt: string }
  const answer = stream(
    { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: prompt }] },
    { deadline: deadlineFrom(context, { reserve: 1_000 }) },
  )
  const { status, headers, body } = await relayResponse(answer)
  const head = { statusCode: status, headers: Object.fromEntries(headers) }
  await pipeline(body ?? [], awslambda.HttpResponseStream.from(responseStream, head))
})
