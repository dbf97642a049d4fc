import { Agent, request } from 'undici'
import type { Contender } from './contender.ts'
import { KEY, MESSAGES, MODEL } from './workload.ts'

interface Body {
  readonly choices: readonly [{ readonly message: { readonly content: string } }]
}

/** The floor: bare `undici.request` and `JSON.parse`, without a deadline, a retry, or a look at what came. */
export function openFloor(port: number): Contender {
  const dispatcher = new Agent()
  return {
    name: 'floor',
    async call(size) {
      const { body } = await request(`http://127.0.0.1:${port}/${size}/chat/completions`, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ model: MODEL, messages: MESSAGES }),
      })
      const json = JSON.parse(await body.text()) as Body
      return json.choices[0].message.content.length
    },
    close: () => dispatcher.destroy(),
  }
}
