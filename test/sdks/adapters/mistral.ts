import { Mistral } from '@mistralai/mistralai'
import { HTTPClient } from '@mistralai/mistralai/lib/http.js'
import { type Adapter, KEY, QUESTION, signalled } from '../adapter.ts'

const textOf = (content: unknown): string => (typeof content === 'string' ? content : '')

export const adapter: Adapter = {
  wire: 'chat',
  // It makes no retries of its own unless it is told to.
  heedsHeader: true,
  aborts: true,
  leaves: true,
  proven: true,
  open(origin, fetch) {
    const httpClient = new HTTPClient({ fetcher: fetch })
    const client = new Mistral({ apiKey: KEY, serverURL: origin, httpClient, retryConfig: { strategy: 'none' } })
    const body = { model: 'm', messages: [{ role: 'user' as const, content: QUESTION }] }
    const options = (signal: AbortSignal | undefined): object => ({ fetchOptions: signalled('signal', signal) })
    return {
      async ask(signal) {
        const completion = await client.chat.complete(body, options(signal))
        return textOf(completion.choices[0]?.message?.content)
      },
      async *stream(signal) {
        for await (const { data } of await client.chat.stream(body, options(signal))) {
          yield textOf(data.choices[0]?.delta.content)
        }
      },
    }
  },
}
