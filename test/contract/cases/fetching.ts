import type { Scenario } from '../scenarios.ts'
import { ANSWER, type Case, equal, failure, HELLO, holds, QUICK, type Trial } from '../trial.ts'

/** What an SDK meets that is given a fetch of ours. */
export const FETCHING: readonly Case[] = [
  {
    name: 'retries for whom it fetches',
    async run(trial) {
      const response = await asked(trial, 'overloaded once', { retry: QUICK })
      const body = (await response.json()) as { choices: readonly { message: { content: string } }[] }
      equal([response.status, body.choices[0]?.message.content], [200, ANSWER])
    },
  },
  {
    name: 'returns the response that it gives up on',
    async run(trial) {
      const response = await asked(trial, 'quota spent', { retry: QUICK })
      equal([response.status, response.headers.get('x-should-retry')], [429, 'false'])
      holds((await response.text()).includes('insufficient_quota'), 'with its body')
      equal((await trial.seen()).requests, 1)
    },
  },
  {
    name: 'ends a fetch at its deadline',
    async run(trial) {
      const error = await failure(trial, asked(trial, 'silent', { timeout: 150 }))
      equal([error.name, error.code], ['TimeoutError', 'timeout'])
      holds(trial.fetch.unwrapError(new Error('Connection error.', { cause: error })) === error, 'found inside another')
      equal((await trial.seen('gone')).open, 0)
    },
  },
  {
    name: 'fetches a stream as it is',
    async run(trial) {
      const response = await asked(trial, 'stream', {}, true)
      equal(response.headers.get('content-type'), 'text/event-stream')
      holds((await response.text()).trimEnd().endsWith('data: [DONE]'), 'to its end')
    },
  },
  {
    name: 'ends a fetched stream that stalls',
    async run(trial) {
      const response = await asked(trial, 'stream stalled', { timeout: { idle: 150 } }, true)
      // As SDKs read a stream. Chromium's text() puts an error of its own in place of a stream's.
      const error = await failure(trial, read(response))
      equal([error.code, error.code === 'timeout' && error.phase], ['timeout', 'idle'])
      equal((await trial.seen('gone')).open, 0)
    },
  },
]

async function read(response: Response): Promise<void> {
  const reader = response.body?.getReader()
  while (reader && !(await reader.read()).done);
}

type FetchOptions = Parameters<Trial['fetch']['createFetch']>[0]

/** As an SDK asks. */
function asked(trial: Trial, scenario: Scenario, options: FetchOptions, stream = false): Promise<Response> {
  const fetch = trial.fetch.createFetch(options)
  return fetch(`${trial.url(scenario)}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-contract' },
    body: JSON.stringify({ model: 'm', messages: HELLO, stream }),
  })
}
