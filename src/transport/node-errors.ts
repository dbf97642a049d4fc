import type { ThrownRule } from './transport.ts'

const BROKEN_TLS = 'the TLS connection broke'
const NO_TLS = 'TLS could not be agreed on; check the scheme and port of the baseURL'

/**
 * What undici and Node throw, and nobody else: by code, because that is the same in every copy of undici, Node's own included. They
 * come before the rows that hold in every runtime.
 */
export const NODE_ERRORS: readonly ThrownRule[] = [
  // Our own tunnel; its message has the proxy's status.
  // undici ProxyAgent gives UND_ERR_ABORTED; the proxy's status is only in the text.
  [/proxy response \(407\)|ERR_PROXY_TUNNEL.*\(407\)/i, 'the proxy refused its credentials', 'authentication'],
  [/proxy response \(5|ERR_PROXY_TUNNEL.*answered 5/i, 'the proxy could not open a tunnel', 'network', true],
  [/proxy response \(|ERR_PROXY_TUNNEL.*answered/i, 'the proxy refused to open a tunnel', 'network'],
  [/ERR_PROXY_TUNNEL/, 'the connection to the proxy was lost', 'network', true],
  [/UND_ERR_CONNECT_TIMEOUT|ERR_TLS_HANDSHAKE_TIMEOUT/, 'no connection in time', 'timeout', true, 'connect'],
  [/UND_ERR_HEADERS_TIMEOUT/, 'no response headers in time', 'timeout', true, 'headers'],
  [/UND_ERR_BODY_TIMEOUT/, 'the answer stalled', 'timeout', true, 'idle'],
  // Node 24's fetch with an undici 8 Agent fails with INVALID_ARG (openai-node#1886): it looks like a network error and is none.
  [
    /UND_ERR_(?:INVALID_|NOT_SUPPORTED|REQ_CONTENT)/,
    'the request or the transport is configured wrongly',
    'invalid_request',
  ],
  [/UND_ERR_(?:DESTROYED|CLOSED)/, 'the transport has been closed', 'aborted'],
  [/UND_ERR_ABORTED/, 'the request was aborted', 'aborted'],
  // A record damaged on its way is chance (gemini-cli retries every spelling of it); other TLS alerts are configuration.
  [/BAD_RECORD_MAC|DECRYPTION_FAILED|ALERT_INTERNAL_ERROR/, BROKEN_TLS, 'network', true],
  [/EPROTO\b.*(?:wrong version|unsupported protocol|handshake failure|unknown ca)/i, NO_TLS, 'network'],
  [/EPROTO\b/, BROKEN_TLS, 'network', true],
  // ERR_TLS_CERT_… is a certificate's, and those have a row of their own.
  [/ERR_SSL_|ERR_TLS_(?!CERT)|UND_ERR_PRX_TLS/, NO_TLS, 'network'],
  // undici takes it for a failure; it comes from servers that were not asked for it (RFC 9110 section 15.2).
  [/UND_ERR_SOCKET\b.*bad response/, 'the server sent 100 Continue unasked, which cannot be read', 'invalid_response'],
  [/HTTPS?_PROXY: /, "the environment's proxy (HTTPS_PROXY, HTTP_PROXY) cannot be used", 'network'],
  [/UND_ERR_SOCKET\b.*bad upgrade/, 'the server switched protocols', 'invalid_response', true],
  [/ENHANCE_YOUR_CALM/, 'the server asked for fewer requests', 'overloaded', true],
  [/UND_ERR_RES_CONTENT/, 'the body ended before its stated length', 'invalid_response', true],
  [/UND_ERR_(?:HEADERS_OVERFLOW|RES_EXCEEDED)/, 'the response is larger than the limit', 'invalid_response'],
  // undici 7 and 8 give HTTPParserError no code.
  [/HTTPParserError|HPE_/, 'the response is not whole HTTP', 'invalid_response', true],
  [/unknown content-encoding/, 'the body has a content-encoding that cannot be undone', 'invalid_response'],
  [/\bZ_[A-Z]+_ERROR|ERR_(?:BROTLI|ZSTD|_ERROR_)/, 'the compressed body is damaged', 'invalid_response', true],
]

/** A body on HTTP/2 that is not as long as was announced, as undici reports it on HTTP/1. */
export function lengthMismatch(): Error {
  const error = new Error('Response body length does not match content-length header')
  error.name = 'ResponseContentLengthMismatchError'
  return Object.assign(error, { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' })
}
