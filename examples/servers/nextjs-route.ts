// A Next.js route handler: app/api/chat/[[...way]]/route.ts, which is asked for /api/chat and /api/chat/stream alike
import { complete, openai, stream } from 'punctual'
import { deadlineFrom, platforms, problemResponse, relayResponse, withRequest } from 'punctual/server'

/** What the platform allows, in seconds; the deadline below keeps two of them back. */
export const maxDuration = 300

export async function POST(request: Request): Promise<Response> {
  const deadline = deadlineFrom({ ...platforms.vercel, limit: maxDuration * 1_000 }, { reserve: 2_000 })
  return withRequest({ request, deadline }, async () => {
    try {
      const prompt = promptOf(await request.text())
      const question = { model: openai('gpt-5-mini'), messages: [{ role: 'user', content: prompt }] } as const
      if (new URL(request.url).pathname.endsWith('/stream')) return await relayResponse(stream(question))
      const { text } = await complete(question)
      return Response.json({ text })
    } catch (error) {
      return problemResponse(error)
    }
  })
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
