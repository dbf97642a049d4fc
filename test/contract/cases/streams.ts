import { ANSWER, type Case, equal, failure, hello, QUICK } from '../trial.ts'

/** How streams begin, fail and end. */
export const STREAMS: readonly Case[] = [
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
]
