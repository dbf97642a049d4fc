/* What is usually written: a fetch, a timeout for each attempt, a few retries, and nobody who asks whether the user is still there. */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

const ATTEMPTS = 3
const ATTEMPT_TIMEOUT = 2_500

export async function chat(prompt: string, response: ServerResponse): Promise<void> {
  try {
    const answer = (await (await ask(prompt, false)).json()) as { choices: { message: { content: string } }[] }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ text: answer.choices[0]?.message.content }))
  } catch {
    response.writeHead(500).end('Internal Server Error')
  }
}

export async function stream(prompt: string, response: ServerResponse): Promise<void> {
  const { body } = await ask(prompt, true)
  response.setHeader('content-type', 'text/event-stream')
  if (body) Readable.fromWeb(body).pipe(response)
}

async function ask(prompt: string, streamed: boolean): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(`${process.env['OPENAI_BASE_URL']}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'slow-model', stream: streamed, messages: [{ role: 'user', content: prompt }] }),
        ...(streamed ? {} : { signal: AbortSignal.timeout(ATTEMPT_TIMEOUT) }),
      })
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}
