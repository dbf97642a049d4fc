type Environment = Readonly<Record<string, string | undefined>>

/** The proxy that the environment names for a URL, as it is written there; undefined where the request goes directly. */
export function proxyFromEnvironment(url: URL, environment: Environment): string | undefined {
  // Lower case first, as curl has it; each protocol has its own, as everywhere but in undici, where HTTP_PROXY serves https too.
  const proxy =
    url.protocol === 'https:'
      ? environment['https_proxy']?.trim() || environment['HTTPS_PROXY']?.trim()
      : environment['http_proxy']?.trim() || environment['HTTP_PROXY']?.trim()
  if (!proxy) return undefined
  return isExcepted(url, environment['no_proxy'] || environment['NO_PROXY'] || '') ? undefined : proxy
}

/**
 * Whether NO_PROXY excepts a URL: entries parted by commas or spaces, each `*`, a name (which stands for its subdomains too, with or
 * without a leading dot), or `*.name` (the subdomains alone), with a port or without. Names only: no address ranges.
 */
function isExcepted(url: URL, list: string): boolean {
  if (list === '') return false
  const host = bare(url.hostname)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list.split(/[,\s]+/).some((entry) => {
    if (entry === '') return false
    const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(isAddress(entry) ? `[${entry}]` : entry) ?? []
    if (entryPort !== undefined && entryPort !== port) return false
    if (name === '*') return true
    const wanted = bare(name.replace(/^\*?\./, ''))
    if (wanted === '') return false
    return host.endsWith(`.${wanted}`) || (host === wanted && !name.startsWith('*.'))
  })
}

/** An IPv6 address without brackets: its last group is not a port. */
function isAddress(entry: string): boolean {
  return entry.split(':').length > 2 && !entry.startsWith('[')
}

function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}
