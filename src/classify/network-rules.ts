import type { ThrownRule } from '../transport/transport.ts'
import type { Code, TimeoutPhase } from '../vocabulary/errors.ts'

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
  /refused|FailedToOpenSocket|ENOTFOUND|EAI_|CONNECT_TIMEOUT|CERT_|_CERT|certificate|ERR_(?:SSL|TLS|PROXY|INVALID)|UND_ERR_INVALID/i

const CERTIFICATE = "the server's certificate was not accepted"
const EARLY = 'the connection was closed early'
const FAILED = 'the connection failed'

/**
 * What every runtime may throw. Codes and names come first, because they mean the same in every copy of a library. The first row that
 * any error of the chain satisfies decides, so that the telling ones stand above those that say little.
 */
const THROWN_RULES: readonly ThrownRule[] = [
  [/ABORT_ERR|ECONNABORTED/, 'the request was aborted', 'aborted'],
  // OpenSSL's verification results, as Node and Bun name them.
  [/CERT_|_CERT\b|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED/, CERTIFICATE, 'network'],
  [/connection ?refused|ECONNREFUSED|FailedToOpenSocket/i, 'connection refused', 'network', true],
  [/ENOTFOUND|EAI_|dns ?(?:error|exception)|failed to lookup/i, 'the host name was not found', 'network', true],
  [/\bE(?:HOST|NET)(?:UNREACH|DOWN)|EADDRNOTAVAIL|ETIMEDOUT/, 'the host was not reached', 'network', true],
  [
    /ECONNRESET|EPIPE|ENETRESET|ENOTCONN|Connection(?:Closed|Reset)|UND_ERR_(?:SOCKET|INFO)|PREMATURE_CLOSE|ERR_HTTP2_/,
    EARLY,
    'network',
    true,
  ],
  [/\bTimeoutError\b/, 'the transport gave up waiting', 'timeout', true, 'attempt'],
  [/\bAbortError\b/, 'the request was aborted', 'aborted'],
  [
    /fetch function returned (?:something|a Response|a body)/,
    'the given fetch returned no Response that can be read',
    'network',
  ],
  // fetch's own refusals have a text alone.
  [
    /ERR_INVALID_(?:URL|ARG|CHAR|PROTOCOL|HTTP_TOKEN)|bad port|failed to parse url|invalid url|redirect|unknown scheme|scheme must be|invalid header|headers\.(?:append|set)/i,
    'the request or the transport is configured wrongly',
    'invalid_request',
  ],
  // Deno and workerd say it in words; so do browsers, and they say only that it failed.
  [/certificate|unknownissuer/i, CERTIFICATE, 'network'],
  [
    /connection (?:was )?(?:reset|closed|lost)|reading a body|hang ?up|other side closed|premature close/i,
    EARLY,
    'network',
    true,
  ],
  [
    /(?:fetch failed|failed to fetch|load failed|terminated)$|network ?error|network request failed|sending request|connect error|internal error; reference/im,
    FAILED,
    'network',
    true,
  ],
  // A system error that no row knows.
  [/^syscall /m, FAILED, 'network', true],
]

/** Neither a cycle nor a long list of errors is followed further. */
const MOST_ERRORS = 16

/**
 * Says what a thrown value means, by the name, code and text of it and of what lies beneath. Total. `rules` are the transport's own and
 * come first.
 */
export function readThrown(error: unknown, rules: readonly ThrownRule[] = []): ThrownReading {
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
    const rule = [...rules, ...THROWN_RULES].find(([pattern]) => pattern.test(chain))
    if (rule !== undefined) {
      const [, what, kind, retryable = false, phase] = rule
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
    what: 'the transport failed with an error that is not a known network error',
    unsent: false,
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 500).replaceAll('\n', ' ') : ''
}
