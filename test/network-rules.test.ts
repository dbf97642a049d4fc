import { describe, expect, it } from 'vitest'
import { readThrown as readWith } from '../src/classify/network-rules.ts'
import { NODE_ERRORS } from '../src/transport/node-errors.ts'

const readThrown = (error: unknown) => readWith(error, NODE_ERRORS)

function failure(code: string | undefined, message = '', name = 'Error', more: object = {}): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code }, more)
}

/** As fetch throws: the reason is the cause. */
function fetchFailed(cause: unknown): Error {
  return new TypeError('fetch failed', { cause })
}

const TABLE: readonly (readonly [Error, string, boolean])[] = [
  [failure('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'), 'network', true],
  [failure('ECONNREFUSED', '', 'AggregateError', { errors: [failure('ECONNREFUSED')] }), 'network', true],
  [failure('ENOTFOUND'), 'network', true],
  [failure('EAI_AGAIN'), 'network', true],
  [failure('ECONNRESET', 'read ECONNRESET'), 'network', true],
  [failure('EPIPE'), 'network', true],
  [failure('ETIMEDOUT'), 'network', true],
  [failure('EHOSTUNREACH'), 'network', true],
  [failure('UND_ERR_SOCKET', 'other side closed', 'SocketError'), 'network', true],
  [failure('UND_ERR_SOCKET', 'bad upgrade', 'SocketError'), 'invalid_response', true],
  [failure('UND_ERR_INFO', 'HTTP/2: stream closed', 'InformationalError'), 'network', true],
  [failure('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_REFUSED_STREAM'), 'network', true],
  [failure('ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM'), 'overloaded', true],
  [failure('UND_ERR_CONNECT_TIMEOUT', '', 'ConnectTimeoutError', { cause: failure('ETIMEDOUT') }), 'timeout', true],
  [failure('UND_ERR_HEADERS_TIMEOUT'), 'timeout', true],
  [failure('UND_ERR_BODY_TIMEOUT'), 'timeout', true],
  [failure(undefined, '', 'TimeoutError'), 'timeout', true],
  [failure('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'invalid_response', true],
  [
    failure(undefined, 'Response does not match the HTTP/1.1 protocol (Invalid EOF state)', 'HTTPParserError'),
    'invalid_response',
    true,
  ],
  [failure('HPE_INVALID_CONSTANT'), 'invalid_response', true],
  [failure('Z_DATA_ERROR', 'incorrect header check'), 'invalid_response', true],
  [failure('UND_ERR_HEADERS_OVERFLOW'), 'invalid_response', false],
  [failure('UND_ERR_RES_EXCEEDED_MAX_SIZE'), 'invalid_response', false],
  [failure('UND_ERR_INVALID_ARG', 'invalid onRequestStart method'), 'invalid_request', false],
  [failure('ERR_INVALID_URL'), 'invalid_request', false],
  [failure(undefined, 'bad port'), 'invalid_request', false],
  [failure(undefined, 'redirect count exceeded'), 'invalid_request', false],
  [failure(undefined, 'Headers.append: "x" is an invalid header value.', 'TypeError'), 'invalid_request', false],
  [failure('UND_ERR_DESTROYED'), 'aborted', false],
  [failure('UND_ERR_ABORTED'), 'aborted', false],
  [failure('ECONNABORTED'), 'aborted', false],
  [failure(undefined, 'This operation was aborted', 'AbortError'), 'aborted', false],
  [failure('UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling'), 'authentication', false],
  [failure('UND_ERR_ABORTED', 'Proxy response (502) !== 200 when HTTP Tunneling'), 'network', true],
  [failure('UND_ERR_ABORTED', 'Proxy response (403) !== 200 when HTTP Tunneling'), 'network', false],
  [failure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'network', false],
  [failure('ERR_TLS_CERT_ALTNAME_INVALID'), 'network', false],
  [failure('CERT_HAS_EXPIRED'), 'network', false],
  [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'network', false],
  [failure('ERR_SSL_WRONG_VERSION_NUMBER'), 'network', false],
  [failure('EPROTO', 'write EPROTO 0:error: wrong version number'), 'network', false],
  [failure('EPROTO', 'write EPROTO'), 'network', true],
  [failure('ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC'), 'network', true],
  [failure('ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC'), 'network', true],
  [failure('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), 'network', true],
  [
    failure('ECONNRESET', 'Client network socket disconnected before secure TLS connection was established'),
    'network',
    true,
  ],
  // Bun
  [failure('ConnectionRefused', '', 'TypeError'), 'network', true],
  [failure('ConnectionClosed', '', 'TypeError'), 'network', true],
  [failure('FailedToOpenSocket', '', 'TypeError'), 'network', true],
  // Deno, workerd and browsers
  [failure(undefined, 'error reading a body from connection', 'TypeError'), 'network', true],
  [failure(undefined, 'client error (Connect): tcp connect error: Connection refused (os error 111)'), 'network', true],
  [failure(undefined, 'client error (Connect): dns error: failed to lookup address'), 'network', true],
  [failure(undefined, 'invalid peer certificate: UnknownIssuer'), 'network', false],
  [failure(undefined, 'Network connection lost.'), 'network', true],
  [failure(undefined, 'Failed to fetch', 'TypeError'), 'network', true],
  [failure(undefined, 'Load failed', 'TypeError'), 'network', true],
  [failure(undefined, 'NetworkError when attempting to fetch resource.', 'TypeError'), 'network', true],
  [failure(undefined, 'terminated', 'TypeError'), 'network', true],
  [failure(undefined, 'fetch failed', 'TypeError'), 'network', true],
  // A system error that no row knows.
  [failure('EMFILE', '', 'Error', { syscall: 'connect' }), 'network', true],
]

describe('thrown errors', () => {
  it.each(
    TABLE.map(
      ([error, code, retryable]) =>
        [`${error.name} ${(error as { code?: string }).code ?? ''} ${error.message}`, error, code, retryable] as const,
    ),
  )('reads %s', (_, error, code, retryable) => {
    expect([readThrown(error).code, readThrown(error).retryable]).toEqual([code, retryable])
  })

  it('reads the same beneath a cause, three deep', () => {
    for (const [error, code, retryable] of TABLE) {
      const seen = readThrown(fetchFailed(new Error('outer', { cause: new Error('inner', { cause: error }) })))
      expect([error.message, seen.code, seen.retryable]).toEqual([error.message, code, retryable])
    }
  })

  it('reads the same among several errors', () => {
    const error = new AggregateError([new Error('x'), failure('CERT_HAS_EXPIRED')])
    expect(readThrown(fetchFailed(error))).toMatchObject({ code: 'network', retryable: false })
  })

  it('names the phase of a transport timeout', () => {
    expect(readThrown(failure('UND_ERR_CONNECT_TIMEOUT')).phase).toBe('connect')
    expect(readThrown(fetchFailed(failure('UND_ERR_BODY_TIMEOUT'))).phase).toBe('idle')
  })

  it('takes a thrown value that is no error for a failed connection', () => {
    for (const value of ['gone', undefined, null, 7]) {
      expect(readThrown(value)).toMatchObject({ code: 'network', retryable: true })
    }
  })

  it('does not retry a mistake in a custom fetch', () => {
    expect(readThrown(new TypeError('x is not a function'))).toMatchObject({ code: 'network', retryable: false })
  })

  it('does not take what it does not know for unsent', () => {
    expect(readThrown(new TypeError('x is not a function')).unsent).toBe(false)
  })

  it('does not quote what was thrown', () => {
    expect(readThrown(failure('ECONNRESET', 'secret words')).what).not.toContain('secret')
  })

  it('survives cycles, hostile members and endless lists', () => {
    const cycle = new Error('x')
    cycle.cause = cycle
    expect(readThrown(cycle).code).toBe('network')
    const hostile = Object.defineProperty(new Error('x'), 'code', {
      get: () => {
        throw new Error('no')
      },
    })
    expect(readThrown(hostile)).toMatchObject({ code: 'network', retryable: false })
    const many = new AggregateError(Array.from({ length: 100_000 }, () => new Error('x')))
    expect(readThrown(many).code).toBe('network')
  })
})
