import { type Case, equal, failure, hello, holds, QUICK } from '../trial.ts'

/** What ends a call before its answer. */
export const LEAVING: readonly Case[] = [
  {
    name: 'ends a stalled body at the deadline',
    async run(trial) {
      const began = performance.now()
      const error = await failure(trial, trial.library.complete(hello(trial, 'body stalled'), { timeout: 150 }))
      equal([error.name, error.code, error.code === 'timeout' && error.phase], ['TimeoutError', 'timeout', 'total'])
      holds(performance.now() - began < 3_000, 'in time')
      equal((await trial.seen('gone')).open, 0)
    },
  },
  {
    name: 'gives a silent attempt up and tries again',
    async run(trial) {
      const options = { timeout: { total: 20_000, attempt: 300 }, retry: QUICK }
      const { attempts } = await trial.library.complete(hello(trial, 'silent once'), options)
      equal(
        attempts.map(({ error }) => error?.phase),
        ['attempt', undefined],
      )
    },
  },
  {
    name: 'hears the caller leave during an attempt',
    async run(trial) {
      const leaving = new AbortController()
      const call = trial.library.complete(hello(trial, 'silent'), { signal: leaving.signal })
      await trial.seen()
      const reason = new Error('the user left')
      setTimeout(() => leaving.abort(reason), 50)
      const error = await failure(trial, call)
      equal([error.name, error.code, error.stopReason], ['AbortError', 'aborted', 'aborted'])
      holds(error.cause === reason, "the caller's own reason is beneath")
      equal((await trial.seen('gone')).open, 0)
    },
  },
  {
    name: 'hears the caller leave between attempts',
    async run(trial) {
      const leaving = new AbortController()
      const error = await failure(
        trial,
        trial.library.complete(hello(trial, 'overloaded for long'), {
          signal: leaving.signal,
          onEvent: ({ type }) => void (type === 'retry' && setTimeout(() => leaving.abort(), 10)),
        }),
      )
      equal([error.code, error.attempts.length], ['aborted', 1])
    },
  },
  {
    name: "tells the caller's timeout from its own",
    async run(trial) {
      const leaving = new AbortController()
      const call = trial.library.complete(hello(trial, 'silent'), { signal: leaving.signal })
      setTimeout(() => leaving.abort(new DOMException('Too late', 'TimeoutError')), 50)
      const error = await failure(trial, call)
      equal([error.code, error.code === 'timeout' && error.phase, error.retryable], ['timeout', 'signal', false])
    },
  },
  {
    name: 'asks nothing for a caller who has left',
    async run(trial) {
      const leaving = new AbortController()
      leaving.abort()
      const request = hello(trial, 'answer')
      equal((await failure(trial, trial.library.complete(request, { signal: leaving.signal }))).code, 'aborted')
      equal((await failure(trial, trial.library.complete(request, { deadline: Date.now() - 1 }))).code, 'timeout')
      equal((await trial.seen()).requests, 0)
    },
  },
]
