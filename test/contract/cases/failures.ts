import { ANSWER, type Case, equal, failure, HELLO, hello, holds, QUICK } from '../trial.ts'

/** What is tried again, and when. */
export const FAILURES: readonly Case[] = [
  {
    name: 'waits as long as a 429 asks',
    async run(trial) {
      const { attempts, text } = await trial.library.complete(hello(trial, 'rate limited once'), { retry: QUICK })
      equal(text, ANSWER)
      equal(
        attempts.map(({ outcome, delayFrom }) => [outcome, delayFrom]),
        [
          ['error', null],
          ['ok', 'server'],
        ],
      )
      holds((attempts[1]?.delayBefore ?? 0) >= 60, 'no earlier than told')
    },
  },
  {
    name: 'tries again after a 503',
    async run(trial) {
      const { attempts } = await trial.library.complete(hello(trial, 'overloaded once'), { retry: QUICK })
      equal(
        attempts.map(({ status }) => status),
        [503, 200],
      )
    },
  },
  {
    name: 'gives up at once on a spent quota',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'quota spent'), { retry: QUICK }))
      equal([error.code, error.retryable, error.stopReason], ['quota_exceeded', false, 'not_retryable'])
      equal((await trial.seen()).requests, 1)
    },
  },
  {
    name: 'reports a rejected key without showing it',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'key rejected'), { retry: QUICK }))
      equal([error.code, error.status], ['authentication', 401])
      holds(!`${error.message}${JSON.stringify(error)}${error.response?.body}`.includes('sk-contract'), 'no key in it')
    },
  },
  {
    name: 'tries again when the body breaks off',
    async run(trial) {
      const { attempts } = await trial.library.complete(hello(trial, 'body broken once'), { retry: QUICK })
      equal(
        attempts.map(({ error }) => error?.code),
        ['network', undefined],
      )
    },
  },
  {
    name: 'tries again when the connection is reset',
    async run(trial) {
      // On a connection that was kept alive the transport itself asks once more, which is no attempt.
      const { text } = await trial.library.complete(hello(trial, 'reset once'), { retry: QUICK })
      equal(text, ANSWER)
      equal((await trial.seen()).requests, 2)
    },
  },
  {
    name: 'reports a refused connection as retryable',
    async run({ library, refused }) {
      const model = library.openaiCompatible({ name: 'local', baseURL: refused, apiKey: 'sk-contract' })('m')
      const error = await failure(
        { library },
        library.complete({ model, messages: HELLO }, { retry: { ...QUICK, maxRetries: 1 } }),
      )
      equal([error.code, error.retryable, error.stopReason, error.attempts.length], ['network', true, 'max_retries', 2])
    },
  },
  {
    name: 'follows no redirect',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'redirect'), { retry: QUICK }))
      equal(error.retryable, false)
      holds(error.message.includes('baseURL'), error.message)
      equal((await trial.seen()).requests, 1)
    },
  },
]
