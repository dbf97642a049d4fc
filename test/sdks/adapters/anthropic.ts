import Anthropic from '@anthropic-ai/sdk'
import { type Adapter, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'messages',
  heedsHeader: true,
  aborts: true,
  leaves: true,
  proven: true,
  open(origin, fetch, ownRetries) {
    const client = new Anthropic({ apiKey: KEY, baseURL: origin, fetch, ...withoutRetries(ownRetries) })
    const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: QUESTION }] }
    return {
      async ask(signal) {
        const message = await client.messages.create(body, signalled('signal', signal))
        return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
      },
      async *stream(signal) {
        const stream = await client.messages.create({ ...body, stream: true }, signalled('signal', signal))
        for await (const event of stream) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text
        }
      },
    }
  },
}
