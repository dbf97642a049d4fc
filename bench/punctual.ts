import { createClient } from '../src/index.ts'
import { openai } from '../src/providers/openai.ts'
import type { Model } from '../src/vocabulary/provider.ts'
import type { Contender } from './contender.ts'
import { KEY, MESSAGES, MODEL, type Size } from './workload.ts'

/** punctual as its users call it: limits and retries given with the call, so that reading them is part of what is measured. */
export function openPunctual(port: number): Contender {
  const client = createClient()
  const model = (size: Size): Model => openai({ apiKey: KEY, baseURL: `http://127.0.0.1:${port}/${size}` })(MODEL)
  const models: Readonly<Record<Size, Model>> = { small: model('small'), large: model('large'), held: model('held') }
  return {
    name: 'punctual',
    async call(size) {
      const { text } = await client.complete(
        { model: models[size], messages: MESSAGES },
        { timeout: { total: 30_000, attempt: 12_000 }, retry: 3 },
      )
      return text.length
    },
    close: () => client.close({ grace: 0 }),
  }
}
