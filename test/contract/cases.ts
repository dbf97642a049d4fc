import type * as Punctual from '../../src/index.ts'
import type { Scenario } from './scenarios.ts'

/** What is under trial: what `import * as library from 'punctual'` gives, in either build. */
export type Library = typeof Punctual

/** What a case is given. The case runs inside the runtime that is tried, and the server outside of it. */
export interface Trial {
  readonly library: Library
  /** A base URL whose requests the server answers by that scenario; `seen` tells of the last one made. */
  url(scenario: Scenario): string
  /** How many requests the server has had; with `gone`, once the sockets that they came on are closed. */
  seen(gone?: 'gone'): Promise<{ readonly requests: number; readonly open: number }>
  /** Makes the server break the connections off on which it has not answered to the end. */
  cut(): Promise<void>
  /** A base URL at which nobody listens. */
  readonly refused: string
}

export interface Case {
  readonly name: string
  run(trial: Trial): Promise<void>
}

const HELLO = [{ role: 'user', content: 'Hello' }] as const
const ANSWER = 'Zürich 東京 🐢'
const QUICK = { baseDelay: 1, jitter: 'none' } as const

/**
 * The behaviour that every runtime and every build must show alike, over real sockets. Plain web APIs and the package's public names
 * only: nothing here may be more than the runtimes have.
 */
export const CASES: readonly Case[] = [
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
    name: 'names the variable of a missing key',
    async run({ library }) {
      const error = await failure({ library }, library.complete({ model: library.groq('m'), messages: HELLO }))
      equal(error.code, 'authentication')
      holds(error.message.includes('GROQ_API_KEY'), error.message)
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
    name: 'follows no redirect',
    async run(trial) {
      const error = await failure(trial, trial.library.complete(hello(trial, 'redirect'), { retry: QUICK }))
      equal(error.retryable, false)
      holds(error.message.includes('baseURL'), error.message)
      equal((await trial.seen()).requests, 1)
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
  {
    name: 'streams an answer',
    async run(trial) {
      const stream = trial.library.stream(hello(trial, 'stream'))
      const types: string[] = []
      let text = ''
      for await (const event of stream) {
        types.push(event.type)
        if (event.type === 'text') text += event.text
      }
      equal(text, ANSWER)
      equal(types.at(-1), 'finish')
      equal((await stream.completion).text, ANSWER)
    },
  },
  {
    name: 'puts split characters of a stream together',
    async run(trial) {
      let text = ''
      for await (const piece of trial.library.stream(hello(trial, 'stream in bytes')).textStream) text += piece
      equal(text, ANSWER)
    },
  },
  {
    name: 'retries a stream before its first content',
    async run(trial) {
      const stream = trial.library.stream(hello(trial, 'stream cut early once'), { retry: QUICK })
      const types: string[] = []
      for await (const { type } of stream) types.push(type)
      equal(types.filter((type) => type === 'retry').length, 1)
      equal((await stream.completion).attempts.length, 2)
    },
  },
  {
    name: 'never repeats what a stream has given',
    async run(trial) {
      const stream = trial.library.stream(hello(trial, 'stream stalled'), { retry: QUICK })
      let text = ''
      const read = async (): Promise<void> => {
        for await (const piece of stream.textStream) {
          text += piece
          // Not before it has arrived: a runtime may drop what it reads together with the end.
          await trial.cut()
        }
      }
      const error = await failure(trial, read())
      equal([text, error.partial?.text, error.attempts.length], ['Zürich', 'Zürich', 1])
      equal((await trial.seen()).requests, 1)
    },
  },
  {
    name: 'sees a stream stall',
    async run(trial) {
      const stream = trial.library.stream(hello(trial, 'stream stalled'), { timeout: { idle: 150 } })
      const error = await failure(trial, stream.completion)
      equal([error.code, error.code === 'timeout' && error.phase, error.partial?.text], ['timeout', 'idle', 'Zürich'])
      equal((await trial.seen('gone')).open, 0)
    },
  },
  {
    name: 'closes the socket of a stream left early',
    async run(trial) {
      for await (const { type } of trial.library.stream(hello(trial, 'stream stalled'))) if (type === 'text') break
      equal((await trial.seen('gone')).open, 0)
    },
  },
  {
    name: 'hands a stream on and reads it back',
    async run(trial) {
      const body = new Response(trial.library.stream(hello(trial, 'stream')).toReadableStream())
      let text = ''
      for await (const event of trial.library.readEvents(body)) if (event.type === 'text') text += event.text
      equal(text, ANSWER)
    },
  },
  {
    name: 'hands the failure of a stream on',
    async run(trial) {
      const body = trial.library.stream(hello(trial, 'stream stalled')).toReadableStream()
      let text = ''
      const read = async (): Promise<void> => {
        for await (const event of trial.library.readEvents(body)) {
          if (event.type !== 'text') continue
          text += event.text
          await trial.cut()
        }
      }
      const error = await failure(trial, read())
      equal([text, error.code === 'network' || error.code === 'invalid_response'], ['Zürich', true])
    },
  },
  {
    name: 'hears the reader of a handed-on stream leave',
    async run(trial) {
      const reader = trial.library.stream(hello(trial, 'stream stalled')).toReadableStream().getReader()
      await reader.read()
      await reader.cancel()
      equal((await trial.seen('gone')).open, 0)
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

/** A request to a scenario of the server. */
function hello(trial: Trial, scenario: Scenario): Punctual.Request {
  const { openaiCompatible } = trial.library
  const settings = { name: 'local', baseURL: trial.url(scenario), apiKey: 'sk-contract' }
  return { model: openaiCompatible(settings)('m'), messages: HELLO }
}

async function failure(
  { library }: Pick<Trial, 'library'>,
  call: PromiseLike<unknown>,
): Promise<Punctual.AnyCompletionError> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  )
  if (library.isCompletionError(error)) return error
  throw error
}

function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`)
}

function equal(actual: unknown, expected: unknown): void {
  const [is, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== wanted) throw new Error(`got ${is} instead of ${wanted}`)
}
