import { CompletionError } from 'punctual'
import { createFetch, unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { faultServer } from '../support/fault-server.ts'
import { ask } from '../support/fetching.ts'

const ours = new CompletionError({ code: 'rate_limit', message: 'rate_limit: slow down' })

describe('unwrapError', () => {
  const wrapped: readonly (readonly [string, unknown])[] = [
    ['nothing', ours],
    ['a cause', new Error('Connection error.', { cause: ours })],
    ['causes of causes', new Error('1', { cause: new Error('2', { cause: { cause: ours } }) })],
    ['lastError', Object.assign(new Error('RetryError'), { lastError: ours })],
    ['errors', new AggregateError([new Error('first'), ours])],
    ['originalError', { originalError: new Error('x', { cause: ours }) }],
  ]

  it.each(wrapped)('finds an error beneath %s', (_, error) => {
    expect(unwrapError(error)).toBe(ours)
  })

  it('finds the nearest one', () => {
    const deep = new CompletionError({ code: 'network', message: 'network' })
    const near = new CompletionError({ code: 'timeout', message: 'timeout', cause: deep })
    expect(unwrapError({ cause: { cause: deep }, lastError: near })).toBe(near)
  })

  it.each([[undefined], [null], ['text'], [7], [new Error('other')], [{ cause: 'text' }]])(
    'finds nothing in %o',
    (value) => {
      expect(unwrapError(value)).toBeUndefined()
    },
  )

  it('ends in a circle', () => {
    const circle: { cause?: unknown; errors: unknown[] } = { errors: [] }
    circle.cause = circle
    circle.errors.push(circle, [circle])
    expect(unwrapError(circle)).toBeUndefined()
  })

  it('ends in a chain without end', () => {
    const endless = {
      get cause(): unknown {
        return Object.create(endless)
      },
    }
    expect(unwrapError(endless)).toBeUndefined()
  })

  it('survives a getter that throws', () => {
    const error = {
      get cause(): never {
        throw new Error('gone')
      },
      lastError: ours,
    }
    expect(unwrapError(error)).toBe(ours)
  })

  it('finds the error that a returned response stands for', async () => {
    await using server = await faultServer((exchange) => exchange.respond('{}', { status: 400 }))
    const response = await ask(server)
    expect(unwrapError(response)).toMatchObject({ code: 'invalid_request', status: 400 })
    // As an SDK keeps it on its own error.
    expect(unwrapError(Object.assign(new Error('400'), { headers: response.headers }))?.code).toBe('invalid_request')
  })

  it('finds a timeout that says nothing of a timeout to those who look for the word', async () => {
    await using server = await faultServer(() => {})
    const error: unknown = await createFetch({
      timeout: { total: 5_000, attempt: 30 },
      retry: { maxRetries: 1, baseDelay: 1 },
    })(server.url()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'timeout', name: 'TimeoutError' })
    expect(String(error)).not.toMatch(/timed? ?out/i)
    expect((error as Error).message).toContain('timeout.attempt')
  })
})
