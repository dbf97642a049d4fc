import { OPTION_NAMES, REQUEST_NAMES } from '../vocabulary/names.ts'

/** Other words for a name of ours, in plain form: what other libraries and the providers' wires call it. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  key: ['apiKey'],
  token: ['apiKey'],
  url: ['baseURL'],
  endpoint: ['baseURL'],
  host: ['baseURL'],
  baseurl: ['provider'],
  defaultheaders: ['headers'],
  organisation: ['organization'],
  organization: ['provider'],
  deployment: ['model'],
  maxcompletiontokens: ['maxTokens'],
  maxoutputtokens: ['maxTokens'],
  maxattempts: ['maxRetries', 'retry'],
  retries: ['maxRetries', 'retry'],
  maxretries: ['retry'],
  abortsignal: ['signal'],
  timeoutms: ['timeout'],
  prompt: ['messages'],
  input: ['messages'],
  system: ['messages'],
  instructions: ['messages'],
  stopsequences: ['stop'],
  topk: ['extraBody'],
  frequencypenalty: ['extraBody'],
  presencepenalty: ['extraBody'],
  logitbias: ['extraBody'],
  logprobs: ['extraBody'],
  servicetier: ['extraBody'],
  functions: ['tools'],
  parameters: ['input'],
  inputschema: ['input'],
  responseformat: ['output'],
  schema: ['output'],
}

/** Members of a member: whoever writes one beside it is told where it belongs. */
const WITHIN: readonly string[] = [
  'timeout.total',
  'timeout.attempt',
  'timeout.connect',
  'timeout.headers',
  'timeout.firstToken',
  'timeout.idle',
  'retry.maxRetries',
  'retry.baseDelay',
  'retry.maxDelay',
  'retry.factor',
  'retry.jitter',
  'retry.maxRetryAfter',
  'retry.shouldRetry',
]

/** What stands in a call's other argument, by a name that tells this one. */
const ELSEWHERE: readonly (readonly [here: string, there: string, names: readonly string[]])[] = [
  ['messages', 'options', OPTION_NAMES],
  ['timeout', 'request', REQUEST_NAMES],
]

/** The known name that a mistaken one most likely means: the same letters in another case, an alias, or one slip of the finger. */
export function likely(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name)
  const names = [...known]
  return (
    names.find((candidate) => plain(candidate) === wanted) ??
    names.find((candidate) => Object.hasOwn(ALIASES, wanted) && ALIASES[wanted]?.includes(candidate)) ??
    WITHIN.find((path) => names.some((candidate) => plain(path) === plain(candidate) + wanted)) ??
    elsewhere(names, wanted) ??
    names.find((candidate) => oneSlip(plain(candidate), wanted))
  )
}

function elsewhere(names: readonly string[], wanted: string): string | undefined {
  for (const [here, there, others] of ELSEWHERE) {
    const meant = names.includes(here) ? others.find((other) => plain(other) === wanted) : undefined
    if (meant !== undefined) return `${there}.${meant}`
  }
  return undefined
}

function plain(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toLowerCase()
}

/** Whether one inserted, missing, wrong or swapped letter makes the difference. */
function oneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || a.length < 4) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const rest = (text: string, from: number) => text.slice(start + from)
  return (
    rest(a, 1) === rest(b, 1) ||
    rest(a, 1) === rest(b, 0) ||
    rest(a, 0) === rest(b, 1) ||
    (rest(a, 2) === rest(b, 2) && a[start] === b[start + 1] && a[start + 1] === b[start])
  )
}
