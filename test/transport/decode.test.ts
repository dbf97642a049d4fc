import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { openUndiciTransport } from '../../src/transport/undici.ts'
import { type FaultServer, faultServer } from '../support/fault-server.ts'
import { post, type Received, receive, until } from '../support/receive.ts'

const transport = openUndiciTransport()
afterAll(() => transport.close())

const text = JSON.stringify({ answer: 'é'.repeat(5_000), noise: Array.from({ length: 500 }, (_, n) => n ** 3) })

const FORMS: Record<string, { encoding: string; bytes: Buffer }> = {
  gzip: { encoding: 'gzip', bytes: gzipSync(text) },
  'x-gzip': { encoding: 'X-GZip', bytes: gzipSync(text) },
  deflate: { encoding: 'deflate', bytes: deflateSync(text) },
  'bare deflate': { encoding: 'deflate', bytes: deflateRawSync(text) },
  br: { encoding: 'br', bytes: brotliCompressSync(text) },
  'gzip under br': { encoding: 'gzip, br', bytes: brotliCompressSync(gzipSync(text)) },
}

describe.each(Object.entries(FORMS))('%s', (_name, { encoding, bytes }) => {
  test('is decoded', async () => {
    const received = await exchangeOf(encoding, [bytes])
    expect(received.order).toEqual(['sent', 'headers', 'data', 'end'])
    expect(received.text).toBe(text)
  })

  test('is decoded from single bytes', async () => {
    const received = await exchangeOf(
      encoding,
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
    )
    expect(received.text).toBe(text)
  })

  // Brotli pads its last byte, so only what is cut earlier is known to be cut.
  test.each([2, 10, 100])('is an error where it lacks %i bytes at its end', async (missing) => {
    const received = await exchangeOf(encoding, [bytes.subarray(0, -missing)])
    expect(received.order.at(-1)).toBe('error')
    expect(received.error).toMatchObject({ name: 'ContentDecodingError', code: 'Z_BUF_ERROR' })
    expect(String(received.error)).toContain('ended early')
  })

  test('is an error where it is corrupt', async () => {
    const corrupt = Buffer.from(bytes)
    corrupt.fill(0xff, 0, 40)
    const received = await exchangeOf(encoding, [corrupt])
    expect(received.order.at(-1)).toBe('error')
    expect(received.error).toMatchObject({ name: 'ContentDecodingError', code: expect.any(String) })
  })
})

describe('a compressed body', () => {
  test('may be followed by rubbish', async () => {
    const received = await exchangeOf('gzip', [gzipSync(text), Buffer.alloc(64), Buffer.alloc(64)])
    expect([received.order.at(-1), received.text]).toEqual(['end', text])
  })

  test('may be empty', async () => {
    const received = await exchangeOf('gzip', [])
    expect(received.order).toEqual(['sent', 'headers', 'end'])
  })

  test('in an unknown coding is an error', async () => {
    const received = await exchangeOf('compress', [Buffer.from('x')])
    expect(received.error).toMatchObject({ name: 'ContentDecodingError' })
    expect(String(received.error)).toContain('compress')
  })

  test('in too many layers is an error', async () => {
    const received = await exchangeOf('gzip,gzip,gzip,gzip,gzip', [gzipSync(text)])
    expect(received.error).toMatchObject({ name: 'ContentDecodingError' })
  })

  test('marked identity is passed on as it is', async () => {
    expect((await exchangeOf('identity', [Buffer.from(text)])).text).toBe(text)
  })

  test('does not inflate ahead of a receiver that cancels', async () => {
    await using server = await serverOf('gzip', [gzipSync(Buffer.alloc(256 << 20))])
    let seen = 0
    const received = receive(transport, post(server.url()), {
      onData(chunk) {
        seen += chunk.length
        if (seen > 1 << 20) received.exchange.cancel('too large')
      },
    })
    await until(() => seen > 1 << 20)
    await server.connections[0]?.closed
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(seen).toBeLessThan(2 << 20)
    expect(received.order).toEqual(['sent', 'headers', 'data'])
  })

  test('does not inflate while its receiver pauses', async () => {
    await using server = await serverOf('gzip, gzip', [gzipSync(gzipSync(Buffer.alloc(64 << 20)))])
    let seen = 0
    const received = receive(transport, post(server.url()), {
      onData(chunk) {
        if (seen === 0) received.exchange.pause()
        seen += chunk.length
      },
    })
    await received.on('data')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen).toBeLessThan(1 << 20)
    received.exchange.resume()
    expect((await received.done).body.length).toBe(64 << 20)
  })
})

function serverOf(encoding: string, pieces: Uint8Array[]): Promise<FaultServer> {
  return faultServer((exchange) => {
    exchange.head({ headers: { 'content-encoding': encoding, 'transfer-encoding': 'chunked' } })
    // In one write: what counts is how the pieces reach the decoder, and each chunk does so by itself.
    const chunks = pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)}\r\n`),
      piece,
      Buffer.from('\r\n'),
    ])
    exchange.write(Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]))
  })
}

async function exchangeOf(encoding: string, pieces: Uint8Array[]): Promise<Received> {
  await using server = await serverOf(encoding, pieces)
  return await receive(transport, post(server.url())).done
}
