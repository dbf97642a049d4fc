import { Ollama } from 'ollama'
import { type Adapter, QUESTION } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'ollama',
  heedsHeader: true,
  // `abort()` ends its streams alone.
  aborts: false,
  leaves: false,
  proven: false,
  open(origin, fetch) {
    const client = new Ollama({ host: origin, fetch })
    const body = { model: 'm', messages: [{ role: 'user', content: QUESTION }] }
    return {
      ask: async () => (await client.chat({ ...body, stream: false })).message.content,
      async *stream(signal) {
        const stream = await client.chat({ ...body, stream: true })
        signal?.addEventListener('abort', () => stream.abort())
        for await (const { message } of stream) yield message.content
      },
    }
  },
}
