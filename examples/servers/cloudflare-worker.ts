// A Cloudflare Worker. compatibility_flags: nodejs_compat (for withRequest), enable_request_signal (so that a leaving client is heard).
import { createClient, openai } from 'punctual'
import { deadlineFrom, platforms, problemResponse, relayResponse, withRequest } from 'punctual/server'

interface Env {
  readonly OPENAI_API_KEY: string
  readonly OPENAI_BASE_URL?: string
}

const worker = {
  fetch(request: Request, env: Env): Promise<Response> {
    const streamed = new URL(request.url).pathname === '/chat/stream'
    // Cloudflare counts silence, which a stream breaks with its heartbeats.
    const deadline = streamed ? undefined : deadlineFrom(platforms.cloudflare, { reserve: 2_000 })
    return withRequest({ request, deadline }, async () => {
      try {
        const prompt = promptOf(await request.text())
        // A client of the request's own: a Worker's requests must not share connections.
        const client = createClient({ provider: openai({ apiKey: env.OPENAI_API_KEY, baseURL: env.OPENAI_BASE_URL }) })
        const question = { model: 'gpt-5-mini', messages: [{ role: 'user', content: prompt }] } as const
        if (streamed) return await relayResponse(client.stream(question))
        const { text } = await client.complete(question)
        return Response.json({ text })
      } catch (error) {
        return problemResponse(error)
      }
    })
  },
}

/** What is asked, or the caller's mistake in the form of http-errors, with whose status toProblem answers. */
function promptOf(json: string): string {
  try {
    const { prompt } = JSON.parse(json) as { prompt?: unknown }
    if (typeof prompt === 'string') return prompt
  } catch {
    // Said below.
  }
  throw Object.assign(new Error('The body must be { "prompt": "…" }'), { statusCode: 400, expose: true })
}

export default worker
