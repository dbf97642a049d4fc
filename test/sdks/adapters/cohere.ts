import { CohereClientV2 } from 'cohere-ai'
import { type Adapter, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'cohere',
  heedsHeader: false,
  aborts: true,
  leaves: true,
  proven: false,
  open(origin, fetch, ownRetries) {
    const client = new CohereClientV2({ token: KEY, environment: origin, fetch })
    const body = { model: 'm', messages: [{ role: 'user' as const, content: QUESTION }] }
    const options = (signal: AbortSignal | undefined): object => ({
      ...withoutRetries(ownRetries),
      ...signalled('abortSignal', signal),
    })
    return {
      async ask(signal) {
        const { message } = await client.chat(body, options(signal))
        return (message.content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')
      },
      async *stream(signal) {
        for await (const event of await client.chatStream(body, options(signal))) {
          if (event.type === 'content-delta') yield event.delta?.message?.content?.text ?? ''
        }
      },
    }
  },
}
