/**
 * A header that says how long its sender waits. The three with a grammar of their own are known by name; of any other name, a whole
 * number of milliseconds is expected, or of seconds where `unit` says so.
 */
export type TimeoutHeader =
  | 'grpc-timeout'
  | 'connect-timeout-ms'
  | 'x-envoy-expected-rq-timeout-ms'
  | (string & {})
  | { readonly name: string; readonly unit: 'ms' | 's' }

const GRPC_UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

/** Milliseconds, or undefined where the value is no value of that header: then nothing has been said. */
export function readTimeout(header: TimeoutHeader, value: string): number | undefined {
  if (typeof header === 'object') return header.unit === 's' ? scaled(count(value, 10), 1_000) : count(value, 10)
  switch (header.toLowerCase()) {
    // gRPC over HTTP/2: at most eight digits and a unit.
    case 'grpc-timeout': {
      const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? []
      return scaled(count(digits, 8), GRPC_UNITS[unit] ?? Number.NaN)
    }
    // Connect protocol: at most ten digits.
    case 'connect-timeout-ms':
      return count(value, 10)
    // Envoy's router tells the upstream what is left; 0 is its word for no limit.
    case 'x-envoy-expected-rq-timeout-ms':
      return count(value, 10) || undefined
    default:
      return count(value, 10)
  }
}

/** Whether a header is named in one of the forms that can be read: another unit would make seconds of milliseconds. */
export const isTimeoutHeader = (header: unknown): header is TimeoutHeader => {
  if (typeof header === 'string') return header !== ''
  const { name, unit } = (header ?? {}) as { name?: unknown; unit?: unknown }
  return typeof name === 'string' && name !== '' && (unit === 'ms' || unit === 's')
}

export const nameOf = (header: TimeoutHeader): string =>
  (typeof header === 'object' ? header.name : header).toLowerCase()

const count = (text: string, digits: number): number | undefined =>
  /^\d+$/.test(text) && text.length <= digits ? Number(text) : undefined

const scaled = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor
