import { ANSWER, type Case, equal, failure, hello, holds } from '../trial.ts'

/** What a service answers its own callers with. */
export const SERVICES: readonly Case[] = [
  {
    name: 'turns a failure into a problem document',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'rate limited once'), { retry: false }))
      const response = trial.server.problemResponse(error)
      equal([response.status, response.headers.get('content-type')], [429, 'application/problem+json'])
      equal(((await response.json()) as { code?: unknown }).code, 'rate_limit')
      holds(response.headers.has('retry-after'), 'the wait is passed on')
    },
  },
  {
    name: 'relays a stream as a response',
    async run(trial) {
      const response = await trial.server.relayResponse(trial.library.stream(hello(trial, 'stream')))
      equal(response.headers.get('content-type')?.split(';')[0], 'text/event-stream')
      let text = ''
      for await (const event of trial.library.readEvents(response)) if (event.type === 'text') text += event.text
      equal(text, ANSWER)
    },
  },
  {
    name: 'gives an early failure of a relay its status',
    async run(trial) {
      const response = await trial.server.relayResponse(trial.library.stream(hello(trial, 'quota spent')))
      holds(response.status >= 400, String(response.status))
      equal(response.headers.get('content-type'), 'application/problem+json')
    },
  },
]
