import type { Code, TimeoutPhase } from './errors.ts'

/** What a thrown value means. */
export interface ThrownReading {
  readonly code: Code
  readonly retryable: boolean
  /** What happened, in our words; the thrown error itself is the cause. */
  readonly what: string
  /** With code `timeout` only. */
  readonly phase?: TimeoutPhase | undefined
  /** True where no connection came about, so that nothing can have been sent. */
  readonly unsent: boolean
}

/** A fetch does not tell when its request leaves; these say that it cannot have. */
const UNSENT =
  /ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|connection refused|ENOTFOUND|EAI_|CONNECT_TIMEOUT|CERT|ERR_SSL_|ERR_TLS_|ERR_PROXY_TUNNEL|UND_ERR_INVALID_|ERR_INVALID_/i

/** A pattern over the names, codes and messages of an error and of what lies beneath it, and what it means. */
type NetworkRule = readonly [
  pattern: RegExp,
  what: string,
  code: Code,
  retryable: boolean,
  phase?: TimeoutPhase | undefined,
]

const MISUSED = 'the request or the transport is configured wrongly'
const CERTIFICATE = "the server's certificate was not accepted"
const BROKEN_TLS = 'the TLS connection broke'
const NO_TLS = 'TLS could not be agreed on; check the scheme and port of the baseURL'

/**
 * Codes and names first, because they mean the same in every copy of a library; of undici, Node and Bun. The first row that any error
 * of the chain satisfies decides, so that the telling ones stand above those that say little.
 */
const NETWORK_RULES: readonly NetworkRule[] = [
  // Our own tunnel; its message has the proxy's status.
  // undici ProxyAgent gives UND_ERR_ABORTED; the proxy's status is only in the text.
  [/proxy response \(407\)|ERR_PROXY_TUNNEL.*\(407\)/i, 'the proxy refused its credentials', 'authentication', false],
  [/proxy response \(5|ERR_PROXY_TUNNEL.*answered 5/i, 'the proxy could not open a tunnel', 'network', true],
  [/proxy response \(|ERR_PROXY_TUNNEL.*answered/i, 'the proxy refused to open a tunnel', 'network', false],
  [/ERR_PROXY_TUNNEL/, 'the connection to the proxy was lost', 'network', true],
  [/UND_ERR_CONNECT_TIMEOUT|ERR_TLS_HANDSHAKE_TIMEOUT/, 'no connection in time', 'timeout', true, 'connect'],
  [/UND_ERR_HEADERS_TIMEOUT/, 'no response headers in time', 'timeout', true, 'headers'],
  [/UND_ERR_BODY_TIMEOUT/, 'the answer stalled', 'timeout', true, 'idle'],
  // Node 24's fetch with an undici 8 Agent fails with INVALID_ARG (openai-node#1886): it looks like a network error and is none.
  [
    /UND_ERR_(?:INVALID_|NOT_SUPPORTED|REQ_CONTENT)|ERR_INVALID_(?:URL|ARG|CHAR|PROTOCOL|HTTP_TOKEN)/,
    MISUSED,
    'invalid_request',
    false,
  ],
  [/UND_ERR_(?:DESTROYED|CLOSED)/, 'the transport has been closed', 'aborted', false],
  [/UND_ERR_ABORTED|ABORT_ERR|ECONNABORTED/, 'the request was aborted', 'aborted', false],
  // A record damaged on its way is chance (gemini-cli retries every spelling of it); other TLS alerts are configuration.
  [/BAD_RECORD_MAC|DECRYPTION_FAILED|ALERT_INTERNAL_ERROR/, BROKEN_TLS, 'network', true],
  [/EPROTO\b.*(?:wrong version|unsupported protocol|handshake failure|unknown ca)/i, NO_TLS, 'network', false],
  [/EPROTO\b/, BROKEN_TLS, 'network', true],
  // OpenSSL's verification results, as Node and Bun name them.
  [
    /CERT_|_CERT\b|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED/,
    CERTIFICATE,
    'network',
    false,
  ],
  [/ERR_SSL_|ERR_TLS_|UND_ERR_PRX_TLS/, NO_TLS, 'network', false],
  [/UND_ERR_SOCKET\b.*bad upgrade/, 'the server switched protocols', 'invalid_response', true],
  [/ENHANCE_YOUR_CALM/, 'the server asked for fewer requests', 'overloaded', true],
  [/UND_ERR_RES_CONTENT/, 'the body ended before its stated length', 'invalid_response', true],
  [/UND_ERR_(?:HEADERS_OVERFLOW|RES_EXCEEDED)/, 'the response is larger than the limit', 'invalid_response', false],
  // undici 7 and 8 give HTTPParserError no code.
  [/HTTPParserError|HPE_/, 'the response is not whole HTTP', 'invalid_response', true],
  [/\bZ_[A-Z]+_ERROR|ERR_(?:BROTLI|ZSTD|_ERROR_)/, 'the compressed body is damaged', 'invalid_response', true],
  [/ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|connection refused/i, 'connection refused', 'network', true],
  [/ENOTFOUND|EAI_|dns ?(?:error|exception)|failed to lookup/i, 'the host name was not found', 'network', true],
  [/\bE(?:HOST|NET)(?:UNREACH|DOWN)|EADDRNOTAVAIL|ETIMEDOUT/, 'the host was not reached', 'network', true],
  [
    /ECONNRESET|EPIPE|ENETRESET|ENOTCONN|Connection(?:Closed|Reset)|UND_ERR_(?:SOCKET|INFO)|PREMATURE_CLOSE|ERR_HTTP2_/,
    'the connection was closed early',
    'network',
    true,
  ],
  [/\bTimeoutError\b/, 'the transport gave up waiting', 'timeout', true, 'attempt'],
  [/\bAbortError\b/, 'the request was aborted', 'aborted', false],
  // fetch's own refusals have a text alone.
  [
    /bad port|failed to parse url|invalid url|redirect|unknown scheme|scheme must be|invalid header|headers\.(?:append|set)/i,
    MISUSED,
    'invalid_request',
    false,
  ],
  // Deno and workerd say it in words; so do browsers, and they say only that it failed.
  [/certificate|unknownissuer/i, CERTIFICATE, 'network', false],
  [
    /connection (?:was )?(?:reset|closed|lost)|reading a body|hang ?up|other side closed|premature close/i,
    'the connection was closed early',
    'network',
    true,
  ],
  [
    /(?:fetch failed|failed to fetch|load failed|terminated)$|network ?error|network request failed|sending request|connect error|internal error; reference/im,
    'the connection failed',
    'network',
    true,
  ],
  // A system error that no row knows.
  [/^syscall /m, 'the connection failed', 'network', true],
]

/** Neither a cycle nor a long list of errors is followed further. */
const MOST_ERRORS = 16

/** Says what a thrown value means, by the name, code and text of it and of what lies beneath. Total. */
export function readThrown(error: unknown): ThrownReading {
  let code = ''
  try {
    // A custom fetch may throw anything; what is no error says nothing against the request.
    const lines = typeof error === 'object' && error !== null ? [] : ['syscall ']
    const queue = [error]
    for (const next of queue) {
      if (typeof next !== 'object' || next === null) continue
      const seen = next as Record<string, unknown>
      const own = text(seen['code'])
      code ||= own
      lines.push(`${seen['syscall'] ? 'syscall ' : ''}${text(seen['name'])} ${own} ${text(seen['message'])}`)
      const beneath = [seen['cause'], ...(Array.isArray(seen['errors']) ? seen['errors'].slice(0, MOST_ERRORS) : [])]
      for (const inner of beneath) if (queue.length < MOST_ERRORS && !queue.includes(inner)) queue.push(inner)
    }
    const chain = lines.join('\n')
    const rule = NETWORK_RULES.find(([pattern]) => pattern.test(chain))
    if (rule !== undefined) {
      const [, what, kind, retryable, phase] = rule
      return {
        code: kind,
        retryable,
        what: code ? `${what} (${code})` : what,
        unsent: UNSENT.test(chain),
        ...(phase && { phase }),
      }
    }
  } catch {
    // A foreign object whose members throw: nothing is known of it.
  }
  // Any other exception is a mistake in the code that threw it, which repeating does not mend.
  return {
    code: 'network',
    retryable: false,
    what: 'the transport threw an error that is not about the network',
    unsent: false,
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 500).replaceAll('\n', ' ') : ''
}
