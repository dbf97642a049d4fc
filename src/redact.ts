import type { HeaderBag } from './transport/transport.ts'
export const redactText = (t: string, s: readonly string[]): string => s.reduce((x, y) => x.replaceAll(y, '[redacted]'), t)
export const safeHeaders = (h: HeaderBag): HeaderBag => h
export const elideEchoes = (t: string, s: readonly string[]): string => t
