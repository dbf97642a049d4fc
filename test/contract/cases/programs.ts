import { ANSWER, type Case, equal, failure, HELLO, hello, holds } from '../trial.ts'

/** What a program builds with. */
export const PROGRAMS: readonly Case[] = [
  {
    name: 'names the variable of a missing key',
    async run({ library }) {
      const error = await failure({ library }, library.complete({ model: library.groq('m'), messages: HELLO }))
      equal(error.code, 'authentication')
      holds(error.message.includes('GROQ_API_KEY'), error.message)
    },
  },
  {
    name: 'makes errors that survive JSON',
    async run({ library }) {
      const { CompletionError, isCompletionError } = library
      const error = new CompletionError({ code: 'overloaded', message: 'overloaded: busy', status: 503 })
      holds(
        error instanceof Error && error instanceof CompletionError && isCompletionError(error),
        'is one of its class',
      )
      const copy = CompletionError.fromJSON(JSON.parse(JSON.stringify(error)))
      holds(isCompletionError(copy) && copy.code === 'overloaded' && copy.status === 503, 'the copy is one too')
      holds(!isCompletionError(new Error('overloaded')) && !isCompletionError(null), 'others are not')
    },
  },
  {
    name: 'lays defaults, client and call over another',
    async run(trial) {
      const provider = trial.library.openaiCompatible({
        name: 'local',
        baseURL: trial.url('echo'),
        apiKey: 'sk-contract',
      })
      const client = trial.library.createClient({ provider, model: 'm', headers: { 'x-a': '1', 'x-b': '1' } })
      const { text } = await client
        .with({ headers: { 'x-b': '2', 'x-c': '2' } })
        .complete({ messages: HELLO }, { headers: { 'x-c': '3' }, idempotencyKey: 'once' })
      equal(text, '1 2 3 once Bearer sk-contract')
      await client.close()
      equal((await failure(trial, client.complete({ messages: HELLO }))).code, 'aborted')
    },
  },
  {
    name: "calls through the caller's fetch",
    async run(trial) {
      let calls = 0
      const through: typeof fetch = (input, init) => {
        calls++
        return fetch(input, init)
      }
      equal((await trial.library.complete(hello(trial, 'answer'), { fetch: through })).text, ANSWER)
      equal((await trial.library.complete(hello(trial, 'answer'), { fetch: 'global' })).text, ANSWER)
      equal(calls, 1)
    },
  },
  {
    name: 'names a mistaken field before any request',
    async run(trial) {
      const request = { ...hello(trial, 'answer'), max_tokens: 1 }
      const error = await trial.library.complete(request).catch((caught: unknown) => caught)
      holds(error instanceof TypeError && error.message.includes('maxTokens'), String(error))
      equal((await trial.seen()).requests, 0)
    },
  },
]
