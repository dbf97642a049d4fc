// A Lambda function whose URL is invoked with response streaming: RESPONSE_STREAM.

import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openai, stream } from 'punctual'
import { deadlineFrom, type LambdaContext, problemResponse, relayResponse } from 'punctual/server'

/** What Lambda's Node runtime defines globally. */
declare const awslambda: {
  streamifyResponse(
    handler: (event: UrlEvent, responseStream: Writable, context: LambdaContext) => Promise<void>,
  ): unknown
  readonly HttpResponseStream: {
    from(stream: Writable, head: { readonly statusCode: number; readonly headers: Record<string, string> }): Writable
  }
}

interface UrlEvent {
  /** Absent where the request has none. */
  readonly body?: string | undefined
}

export const handler: unknown = awslambda.streamifyResponse(async (event, responseStream, context) => {
  const { status, headers, body } = await respond(event, context)
  const head = { statusCode: status, headers: Object.fromEntries(headers) }
  await pipeline(body ?? [], awslambda.HttpResponseStream.from(responseStream, head))
})

async function respond(event: UrlEvent, context: LambdaContext): Promise<Response> {
  try {
    const messages = [{ role: 'user', content: promptOf(event.body) }] as const
    const deadline = deadlineFrom(context, { reserve: 1_000 })
    return await relayResponse(stream({ model: openai('gpt-5-mini'), messages }, { deadline }))
  } catch (error) {
    return problemResponse(error)
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
