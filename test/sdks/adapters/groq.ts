import Groq from 'groq-sdk'
import { type Adapter, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'chat',
  heedsHeader: true,
  aborts: true,
  leaves: true,
  proven: true,
  open(origin, fetch, ownRetries) {
    const client = new Groq({ apiKey: KEY, baseURL: origin, fetch, ...withoutRetries(ownRetries) })
    const body = { model: 'm', messages: [{ role: 'user' as const, content: QUESTION }] }
    return {
      async ask(signal) {
        const completion = await client.chat.completions.create(body, signalled('signal', signal))
        return completion.choices[0]?.message.content ?? ''
      },
      async *stream(signal) {
        const stream = await client.chat.completions.create({ ...body, stream: true }, signalled('signal', signal))
        for await (const chunk of stream) yield chunk.choices[0]?.delta.content ?? ''
      },
    }
  },
}
