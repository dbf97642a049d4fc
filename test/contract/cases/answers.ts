import { ANSWER, type Case, equal, failure, hello } from '../trial.ts'

/** What counts as an answer. */
export const ANSWERS: readonly Case[] = [
  {
    name: 'answers a question',
    async run(trial) {
      const completion = await trial.library.complete(hello(trial, 'answer'))
      equal(completion.text, ANSWER)
      equal(completion.finishReason, 'stop')
      equal(completion.usage?.totalTokens, 16)
      equal(completion.response.headers.get('x-request-id'), 'req_1')
      equal(completion.attempts.length, 1)
    },
  },
  {
    name: 'reads a compressed answer',
    async run(trial) {
      equal((await trial.library.complete(hello(trial, 'compressed'))).text, ANSWER)
    },
  },
  {
    name: 'takes no cut JSON for an answer',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'JSON cut'), { retry: false }))
      equal([error.code, error.retryable, error.partial?.text], ['invalid_response', true, 'Zürich'])
    },
  },
  {
    name: 'takes no HTML for an answer',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'HTML'), { retry: false }))
      equal([error.code, error.status], ['invalid_response', 200])
    },
  },
  {
    name: 'sees an error inside a good status',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'error inside'), { retry: false }))
      equal([error.code, error.status], ['rate_limit', 200])
    },
  },
  {
    name: 'refuses a body beyond its limit',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'answer'), { maxResponseBytes: 20 }))
      equal([error.code, error.retryable], ['invalid_response', false])
    },
  },
  {
    name: 'checks an answer against its schema',
    async run(trial) {
      const output = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
      const completion = await trial.library.complete({ ...hello(trial, 'structured once'), output })
      equal(completion.output, { city: 'Zürich' })
      equal(completion.attempts.length, 2)
    },
  },
  {
    name: 'hands over the tool calls of an answer',
    async run(trial) {
      const input = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
      const { toolCalls } = await trial.library.complete({
        ...hello(trial, 'tool call'),
        tools: { weather: { input } },
      })
      equal(
        toolCalls.map((call) => [call.name, call.input]),
        [['weather', { city: 'Zürich' }]],
      )
    },
  },
]
