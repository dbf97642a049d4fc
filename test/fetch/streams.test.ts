import { unwrapError } from 'punctual/fetch'
import { describe, expect, it } from 'vitest'
import { chat, failure, steps } from '../support/chat.ts'
import { type FaultExchange, faultServer } from '../support/fault-server.ts'
import { CHAT_STREAM, CHUNKED, chunkEvent, DONE, EVENT_STREAM, event } from '../support/fetched-stream.ts'
import { ask, askStream } from '../support/fetching.ts'

const whole = (exchange: FaultExchange): void => exchange.respond(CHAT_STREAM.join(''), EVENT_STREAM)

/** The first content, and then whatever the test wants. */
const begin = (exchange: FaultExchange): void => {
  exchange.head(CHUNKED)
  exchange.chunk(CHAT_STREAM.slice(0, 2).join(''))
}

/** Reads a body to its end, whichever it is. */
async function read(response: Response): Promise<{ text: string; error: unknown }> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true })
  } catch (error) {
    return { text, error }
  }
  return { text, error: undefined }
}

describe('a stream through createFetch', () => {
  it('is handed on byte by byte as it came', async () => {
    await using server = await faultServer(async (exchange) => {
      exchange.head(CHUNKED)
      const text = `: hello\n\n${CHAT_STREAM.join('').replaceAll('\n\n', '\r\n\r\n')}`
      for (let at = 0; at < text.length; at += 7) exchange.chunk(text.slice(at, at + 7))
      exchange.chunk('')
    })
    const response = await askStream(server)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('transfer-encoding')).toBeNull()
    const { text, error } = await read(response)
    expect(error).toBeUndefined()
    expect(text).toBe(`: hello\n\n${CHAT_STREAM.join('').replaceAll('\n\n', '\r\n\r\n')}`)
  })

  it('of several answers is whole only by its framing', async () => {
    const finish = CHAT_STREAM.find((piece) => piece.includes('finish_reason":"stop')) as string
    await using server = await faultServer((exchange) => {
      begin(exchange)
      exchange.chunk(finish)
      setTimeout(() => exchange.reset(), 20)
    })
    const response = await ask(server, { body: { stream: true, n: 2 } })
    expect((await read(response)).error).toMatchObject({ code: 'network' })
  })

  it('is handed on with its first content, not before', async () => {
    let go!: () => void
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    const order: string[] = []
    await using server = await faultServer(async (exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(CHAT_STREAM[0] ?? '')
      await gone
      order.push('content')
      exchange.chunk(CHAT_STREAM.slice(1).join(''))
      exchange.chunk('')
    })
    const fetched = askStream(server).then((response) => {
      order.push('response')
      return response
    })
    await new Promise((resolve) => setTimeout(resolve, 30))
    go()
    const { error } = await read(await fetched)
    expect(error).toBeUndefined()
    expect(order).toEqual(['content', 'response'])
  })

  const wordless: readonly (readonly [string, object])[] = [
    ['speech', { audio: { data: 'UklGRg==' } }],
    ['the words of speech', { audio: { transcript: 'Paris' } }],
    ['an image', { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }],
    ['the input of a custom tool', { tool_calls: [{ index: 0, type: 'custom', custom: { name: 't', input: 'x' } }] }],
  ]

  it.each(wordless)('begins with %s', async (_, delta) => {
    await using server = await faultServer((exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(chunkEvent({ role: 'assistant', audio: { id: 'a' } }) + chunkEvent(delta))
    })
    const response = await askStream(server)
    const chunk = await response.body?.getReader().read()
    expect(new TextDecoder().decode(chunk?.value)).toContain(JSON.stringify(delta))
  })

  const early: readonly (readonly [string, (exchange: FaultExchange) => void])[] = [
    ['an error status', (exchange) => exchange.json(failure('Down', 'server_error'), { status: 500 })],
    ['an error event', (exchange) => exchange.respond(event(failure('Down', 'server_error')), EVENT_STREAM)],
    ['a web page', (exchange) => exchange.respond('<html></html>', { headers: { 'content-type': 'text/html' } })],
    ['nothing', (exchange) => exchange.respond('', EVENT_STREAM)],
    ['a role and a cut', (exchange) => exchange.respond(CHAT_STREAM[0] ?? '', EVENT_STREAM)],
    ['a reset', (exchange) => exchange.reset()],
  ]

  it.each(early)('is asked for again after %s', async (_, fault) => {
    await using server = await faultServer(steps(fault, whole))
    const { text, error } = await read(await askStream(server))
    expect(error).toBeUndefined()
    expect(text).toBe(CHAT_STREAM.join(''))
    expect(server.requests.length).toBe(2)
  })

  const late: readonly (readonly [string, (exchange: FaultExchange) => void, string])[] = [
    [
      'cut within its framing',
      (exchange) => {
        begin(exchange)
        exchange.chunk('')
      },
      'invalid_response',
    ],
    [
      'closed',
      (exchange) => {
        begin(exchange)
        exchange.end()
      },
      'network',
    ],
    [
      'damaged',
      (exchange) => {
        begin(exchange)
        exchange.chunk('data: {"cut\n\n')
      },
      'invalid_response',
    ],
    [
      'ended by an error event',
      (exchange) => {
        begin(exchange)
        exchange.chunk(event(failure('Overloaded', 'overloaded_error')))
      },
      'overloaded',
    ],
  ]

  it.each(late)('fails after what was received when it is %s', async (_, fault, code) => {
    await using server = await faultServer(fault)
    const { text, error } = await read(await askStream(server))
    expect(text).toContain('Paris is the capital')
    expect(unwrapError(error)).toMatchObject({ code, partial: { text: 'Paris is the capital' } })
    expect(server.requests.length).toBe(1)
  })

  it('hands on an error event before it fails', async () => {
    await using server = await faultServer((exchange) => {
      begin(exchange)
      exchange.chunk(event(failure('Overloaded', 'overloaded_error')))
    })
    const { text } = await read(await askStream(server))
    expect(text).toContain('overloaded_error')
  })

  it('fails when it stalls', async () => {
    await using server = await faultServer(begin)
    const { text, error } = await read(await askStream(server, { options: { timeout: { total: 5_000, idle: 60 } } }))
    expect(text).toContain('Paris')
    expect(error).toMatchObject({ code: 'timeout', phase: 'idle' })
    await server.connections[0]?.closed
  })

  it('fails when it only pings', async () => {
    await using server = await faultServer((exchange) => {
      begin(exchange)
      void exchange.drip(
        Array.from({ length: 400 }, () => 'e\r\n: keep-alive\n\n\r\n'),
        10,
      )
    })
    const { error } = await read(await askStream(server, { options: { timeout: { total: 5_000, idle: 80 } } }))
    expect(error).toMatchObject({ code: 'timeout', phase: 'idle' })
  })

  it('is tried again when its first content does not come', async () => {
    await using server = await faultServer(steps((exchange) => exchange.head(CHUNKED), whole))
    const { error } = await read(await askStream(server, { options: { timeout: { total: 5_000, firstToken: 60 } } }))
    expect(error).toBeUndefined()
    expect(server.requests.length).toBe(2)
  })

  it('fails by the total while it is read', async () => {
    await using server = await faultServer((exchange) => {
      begin(exchange)
      const piece = chunkEvent({ content: 'x' })
      void exchange.drip(
        Array.from({ length: 400 }, () => `${piece.length.toString(16)}\r\n${piece}\r\n`),
        10,
      )
    })
    const { text, error } = await read(await askStream(server, { options: { timeout: 150 } }))
    expect(text).toContain('Paris')
    expect(error).toMatchObject({ code: 'timeout', phase: 'total' })
    await server.connections[0]?.closed
  })

  it('ends the exchange when its body is cancelled', async () => {
    const events: string[] = []
    await using server = await faultServer(begin)
    const response = await askStream(server, { options: { onEvent: ({ type }) => events.push(type) } })
    await response.body?.cancel(new Error('enough'))
    await server.connections[0]?.closed
    expect(events.at(-1)).toBe('failure')
  })

  it('ends the exchange at once when its signal aborts', async () => {
    const controller = new AbortController()
    await using server = await faultServer(begin)
    const response = await askStream(server, { init: { signal: controller.signal } })
    const reader = response.body?.getReader()
    await reader?.read()
    const pending = reader?.read()
    controller.abort()
    await expect(pending).rejects.toMatchObject({ code: 'aborted', name: 'AbortError' })
    await server.connections[0]?.closed
  })

  it('forgets what is unread when its signal aborts', async () => {
    const controller = new AbortController()
    await using server = await faultServer(begin)
    const response = await askStream(server, { init: { signal: controller.signal } })
    controller.abort()
    await expect(response.text()).rejects.toMatchObject({ code: 'aborted' })
  })

  it('counts as whole when it is left after its end marker', async () => {
    const events: string[] = []
    await using server = await faultServer((exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(CHAT_STREAM.join(''))
    })
    const response = await askStream(server, { options: { onEvent: ({ type }) => events.push(type) } })
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await server.connections[0]?.closed
    expect(events.at(-1)).toBe('success')
  })

  it('ends although its connection stays open', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head(CHUNKED)
      exchange.chunk(CHAT_STREAM.join(''))
    })
    const { text, error } = await read(await askStream(server))
    expect(error).toBeUndefined()
    expect(text).toContain(DONE)
  })

  it('makes the provider wait for a reader that waits', async () => {
    const piece = Buffer.from(chunkEvent({ content: 'x'.repeat(60_000) }))
    let written = 0
    await using server = await faultServer((exchange) => {
      exchange.head(EVENT_STREAM)
      const { socket } = exchange.connection
      const fill = (): void => {
        while (written < 64_000_000 && !socket.destroyed) {
          written += piece.length
          if (!socket.write(piece)) return void socket.once('drain', fill)
        }
      }
      fill()
    })
    const response = await askStream(server)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(written).toBeLessThan(32_000_000)
    // And reads on when it is read.
    const before = written
    const reader = response.body?.getReader()
    for (let bytes = 0; bytes < 24_000_000; ) bytes += (await reader?.read())?.value?.length ?? Infinity
    expect(written).toBeGreaterThan(before)
    await reader?.cancel()
  })

  it('is not idle while its reader waits', async () => {
    await using server = await faultServer(async (exchange) => {
      begin(exchange)
      await new Promise((resolve) => setTimeout(resolve, 60))
      exchange.chunk(CHAT_STREAM.slice(2).join(''))
      exchange.chunk('')
    })
    const response = await askStream(server, { options: { timeout: { total: 5_000, idle: 150 } } })
    await new Promise((resolve) => setTimeout(resolve, 400))
    const { error } = await read(response)
    expect(error).toBeUndefined()
  })

  it('is idle where its reader is slower than the pings of its server', async () => {
    await using server = await faultServer(async (exchange) => {
      begin(exchange)
      for (let ping = 0; ping < 80 && !exchange.connection.closedAt; ping++) {
        exchange.chunk(': ping\n\n')
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })
    const response = await askStream(server, { options: { timeout: { total: 5_000, idle: 100 } } })
    const slow = async (): Promise<void> => {
      const reader = response.body?.getReader()
      while (!(await reader?.read())?.done) await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await expect(slow()).rejects.toMatchObject({ code: 'timeout', phase: 'idle' })
  })

  it('that is a document which stalls is given up after the idle limit', async () => {
    await using server = await faultServer((exchange) => {
      exchange.head({ contentLength: 500 })
      exchange.write('{"id":"x"')
    })
    const options = { retry: 0, timeout: { total: 5_000, idle: 60 } }
    await expect(askStream(server, { options })).rejects.toMatchObject({ code: 'timeout', phase: 'idle' })
  })

  it('is no stream when one document answers', async () => {
    await using server = await faultServer((exchange) => exchange.json(chat()))
    await expect(askStream(server)).rejects.toMatchObject({ code: 'invalid_response', retryable: false })
    expect(server.requests.length).toBe(1)
  })

  it('is no document when a stream answers', async () => {
    await using server = await faultServer(whole)
    await expect(ask(server)).rejects.toMatchObject({ code: 'invalid_response' })
  })
})
