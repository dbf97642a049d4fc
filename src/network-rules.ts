import type { Code, TimeoutPhase } from './errors.ts'

/** What a thrown value means. */
export interface ThrownReading {
  readonly code: Code
  readonly retryable: boolean
  /** What happened, in our words; the thrown error itself is the cause. */
  readonly what: string
  readonly phase?: TimeoutPhase | undefined
}

interface NetworkRule extends ThrownReading {
  /** Matches the error's `code`. */
  readonly codes?: RegExp
  /** Matches the error's `name`. */
  readonly names?: RegExp
  /** Matches the error's `message`, alone or beside the others. */
  readonly text?: RegExp
}

const network = (what: string, retryable = true) => ({ code: 'network', retryable, what }) as const
const broken = (what: string, retryable = true) => ({ code: 'invalid_response', retryable, what }) as const
const misused = (what: string) => ({ code: 'invalid_request', retryable: false, what }) as const
const late = (phase: TimeoutPhase, what: string) => ({ code: 'timeout', retryable: true, phase, what }) as const

const REFUSED = network('the connection was refused')
const CLOSED = network('the connection was closed before the answer was complete')
const UNRESOLVED = network('the host name could not be resolved')
const UNREACHABLE = network('the host could not be reached')
const CERTIFICATE = network("the server's certificate was not accepted", false)
const NO_TLS = network('TLS could not be agreed on; the base URL may need http: or another port', false)

/**
 * By code first, because a code means the same in every copy of a library and an instance check does not. The order matters:
 * the first row that any error of the chain satisfies decides, outer errors before their causes.
 */
const BY_CODE: readonly NetworkRule[] = [
  // undici ProxyAgent: the tunnel was refused; the status is only in the text.
  {
    text: /proxy response \(407\)/i,
    code: 'authentication',
    retryable: false,
    what: 'the proxy refused its credentials',
  },
  { text: /proxy response \(5\d\d\)/i, ...network('the proxy could not open a tunnel') },
  { text: /proxy response \(\d+\)/i, ...network('the proxy refused to open a tunnel', false) },
  {
    codes: /^UND_ERR_CONNECT_TIMEOUT$|^ERR_TLS_HANDSHAKE_TIMEOUT$/,
    ...late('connect', 'no connection within the limit'),
  },
  { codes: /^UND_ERR_HEADERS_TIMEOUT$/, ...late('headers', 'no response headers within the limit') },
  { codes: /^UND_ERR_BODY_TIMEOUT$/, ...late('idle', 'nothing arrived within the limit') },
  // Node 24's fetch with an undici 8 Agent fails so (nodejs/undici, openai-node#1886): it looks like a network error and is none.
  {
    codes:
      /^UND_ERR_(?:INVALID_ARG|NOT_SUPPORTED|INVALID_RETURN_VALUE|REQ_CONTENT_LENGTH_MISMATCH)$|^ERR_INVALID_(?:URL|ARG\w*|CHAR|PROTOCOL|HTTP_TOKEN)$/,
    ...misused('the request or the transport is configured wrongly'),
  },
  { codes: /^UND_ERR_(?:DESTROYED|CLOSED)$/, code: 'aborted', retryable: false, what: 'the transport has been closed' },
  {
    codes: /^(?:UND_ERR_ABORTED|ABORT_ERR|ECONNABORTED)$/,
    code: 'aborted',
    retryable: false,
    what: 'the request was aborted',
  },
  // A record damaged on its way is chance (gemini-cli retries every spelling of it); other TLS alerts are configuration.
  { codes: /BAD_RECORD_MAC|DECRYPTION_FAILED|ALERT_INTERNAL_ERROR/, ...network('the TLS connection broke') },
  {
    codes: /^EPROTO$/,
    text: /wrong version|unsupported protocol|handshake failure|unknown ca|no protocols/i,
    ...NO_TLS,
  },
  { codes: /^EPROTO$/, ...network('the TLS connection broke') },
  {
    codes: /CERT|SELF_SIGNED|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED|CRL/,
    ...CERTIFICATE,
  },
  { codes: /^ERR_SSL_|^ERR_TLS_|^UND_ERR_PRX_TLS$/, ...NO_TLS },
  { codes: /^(?:ECONNREFUSED|ConnectionRefused|FailedToOpenSocket)$/, ...REFUSED },
  { codes: /^(?:ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL|DNSException)$/, ...UNRESOLVED },
  { codes: /^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|Timeout)$/, ...UNREACHABLE },
  { codes: /^UND_ERR_SOCKET$/, text: /bad upgrade/i, ...broken('the server switched protocols') },
  {
    codes: /^ERR_HTTP2_/,
    text: /ENHANCE_YOUR_CALM/,
    code: 'overloaded',
    retryable: true,
    what: 'the server asked for fewer streams',
  },
  {
    codes:
      /^(?:ECONNRESET|EPIPE|ENETRESET|ENOTCONN|ConnectionClosed|ConnectionReset|UND_ERR_SOCKET|UND_ERR_INFO|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_\w+)$/,
    ...CLOSED,
  },
  { codes: /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, ...broken('the body ended before its stated length') },
  {
    codes: /^UND_ERR_(?:HEADERS_OVERFLOW|RES_EXCEEDED_MAX_SIZE)$/,
    ...broken('the response is larger than the limit', false),
  },
  { codes: /^HPE_/, ...broken('the server did not answer in HTTP') },
  { codes: /^Z_|^ERR_(?:BROTLI|ZSTD|_ERROR_)|^ERR_BUFFER_TOO_LARGE$/, ...broken('the compressed body is damaged') },
]

const BY_NAME: readonly NetworkRule[] = [
  // undici 7 and 8 give this error no code.
  { names: /^HTTPParserError$/, ...broken('the server did not answer in HTTP, or its body ended early') },
  { names: /^TimeoutError$/, ...late('attempt', 'the transport gave up waiting') },
  { names: /^AbortError$/, code: 'aborted', retryable: false, what: 'the request was aborted' },
]

/** Runtimes that give neither code nor name: Deno, workerd, browsers, and fetch's own refusals. */
const BY_TEXT: readonly NetworkRule[] = [
  {
    text: /bad port|failed to parse url|invalid url|redirect count|unexpected redirect|unknown scheme|scheme must be|invalid header (?:value|name)|headers\.(?:append|set)/i,
    ...misused('the request or the transport is configured wrongly'),
  },
  { text: /certificate|unknownissuer|self.signed/i, ...CERTIFICATE },
  { text: /connection refused/i, ...REFUSED },
  { text: /dns error|failed to lookup|name resolution|getaddrinfo/i, ...UNRESOLVED },
  { text: /unreachable|timed out|tcp connect error/i, ...UNREACHABLE },
  {
    text: /network ?connection lost|error reading a body|connection (?:was )?(?:reset|closed|error|lost)|socket hang ?up|socket connection was closed|other side closed|premature close|unexpected (?:end of file|eof)/i,
    ...CLOSED,
  },
]

/** What only says that something went wrong beneath; looked at last, because the cause says more. */
const VAGUE: readonly NetworkRule[] = [
  {
    text: /^(?:fetch failed|failed to fetch|load failed|terminated|network ?error\b.*|network request failed|error sending request.*|internal error; reference.*)$/i,
    ...network('the connection failed'),
  },
]

const MAX_ERRORS = 16

/** Says what a thrown value means, by the name, code and text of it and of what lies beneath. Total. */
export function readThrown(error: unknown): ThrownReading {
  // A custom fetch may throw anything at all; there is nothing in it to say that the request was wrong.
  if (typeof error !== 'object' || error === null) return network('the transport failed')
  try {
    const chain = errorChain(error)
    for (const rules of [BY_CODE, BY_NAME, BY_TEXT, VAGUE]) {
      for (const seen of chain) {
        const rule = rules.find((row) => matches(row, seen))
        if (rule !== undefined) return reading(rule, seen.code)
      }
    }
    // A system error that no row knows is still the network; any other exception is a mistake in the code that threw it.
    const system = chain.find((seen) => seen.system)
    if (system !== undefined) return reading(network('the connection failed'), system.code)
    return network('the transport threw an error that is not about the network', false)
  } catch {
    return network('the transport failed', false)
  }
}

interface SeenError {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly system: boolean
}

/** The error, its causes and its parts, outer ones first; a cycle ends at its second visit. */
function errorChain(error: object): readonly SeenError[] {
  const queue: unknown[] = [error]
  const visited = new Set<unknown>()
  const chain: SeenError[] = []
  while (queue.length > 0 && chain.length < MAX_ERRORS) {
    const next = queue.shift()
    if (typeof next !== 'object' || next === null || visited.has(next)) continue
    visited.add(next)
    const { name, code, message, syscall, cause, errors } = next as Record<string, unknown>
    chain.push({ name: text(name), code: text(code), message: text(message), system: typeof syscall === 'string' })
    queue.push(cause)
    if (Array.isArray(errors)) queue.push(...errors.slice(0, MAX_ERRORS))
  }
  return chain
}

function matches(rule: NetworkRule, seen: SeenError): boolean {
  return (
    (rule.codes === undefined || rule.codes.test(seen.code)) &&
    (rule.names === undefined || rule.names.test(seen.name)) &&
    (rule.text === undefined || rule.text.test(seen.message))
  )
}

function reading(rule: ThrownReading, code: string): ThrownReading {
  const { code: kind, retryable, phase } = rule
  return { code: kind, retryable, phase, what: code === '' ? rule.what : `${rule.what} (${code})` }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 500) : ''
}
