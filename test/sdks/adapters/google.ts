import { GoogleGenAI } from '@google/genai'
import { type Adapter, KEY, QUESTION, signalled } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'content',
  // It makes no retries of its own unless it is told to.
  heedsHeader: true,
  aborts: true,
  leaves: false,
  proven: true,
  open(origin, fetch) {
    const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: origin, fetch } })
    const request = (signal: AbortSignal | undefined) => ({
      model: 'm',
      contents: QUESTION,
      config: signalled('abortSignal', signal),
    })
    return {
      ask: async (signal) => (await client.models.generateContent(request(signal))).text ?? '',
      async *stream(signal) {
        for await (const chunk of await client.models.generateContentStream(request(signal))) yield chunk.text ?? ''
      },
    }
  },
}
