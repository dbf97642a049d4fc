import type { Observation } from './observation.ts'
export interface Classification { code: any; retryable: boolean; message: string; status?: number; providerCode?: string; providerMessage?: string; param?: string; requestId?: string; retryAfterMs?: number; shouldRetry?: boolean }
export function classify(o: Observation, c: { provider: string; classify?: any; wallNow: number }): Classification {
  if (o.kind === 'thrown') return { code: 'network', retryable: true, message: String(o.error) }
  if (o.kind === 'invalid') return { code: 'invalid_response', retryable: o.retryable, message: o.problem }
  const st = o.response.status
  const ra = o.response.headers['retry-after']
  return { code: st === 429 ? 'rate_limit' : st === 401 ? 'authentication' : st >= 500 ? 'server_error' : 'invalid_request', retryable: st === 429 || st >= 500, message: `HTTP ${st}`, status: st, ...(ra ? { retryAfterMs: Number(ra) * 1000 } : {}) }
}
