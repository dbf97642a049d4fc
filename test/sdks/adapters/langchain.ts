import { ChatOpenAI } from '@langchain/openai'
import { type Adapter, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

export const adapter: Adapter = {
  wire: 'chat',
  heedsHeader: false,
  aborts: true,
  leaves: false,
  proven: true,
  open(origin, fetch, ownRetries) {
    const configuration = { baseURL: `${origin}/v1`, fetch }
    const model = new ChatOpenAI({ model: 'm', apiKey: KEY, configuration, ...withoutRetries(ownRetries) })
    return {
      ask: async (signal) => (await model.invoke(QUESTION, signalled('signal', signal))).text,
      async *stream(signal) {
        for await (const chunk of await model.stream(QUESTION, signalled('signal', signal))) yield chunk.text
      },
    }
  },
}
