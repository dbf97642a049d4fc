import OpenAI from 'openai'
import { type Adapter, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'chat',
  heedsHeader: true,
  aborts: true,
  leaves: true,
  proven: true,
  open(origin, fetch, ownRetries) {
    const client = new OpenAI({ apiKey: KEY, baseURL: `${origin}/v1`, fetch, ...withoutRetries(ownRetries) })
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

export const responses: Adapter = {
  ...adapter,
  wire: 'responses',
  open(origin, fetch, ownRetries) {
    const client = new OpenAI({ apiKey: KEY, baseURL: `${origin}/v1`, fetch, ...withoutRetries(ownRetries) })
    const body = { model: 'm', input: QUESTION }
    return {
      ask: async (signal) => (await client.responses.create(body, signalled('signal', signal))).output_text,
      async *stream(signal) {
        const stream = await client.responses.create({ ...body, stream: true }, signalled('signal', signal))
        for await (const event of stream) if (event.type === 'response.output_text.delta') yield event.delta
      },
    }
  },
}
