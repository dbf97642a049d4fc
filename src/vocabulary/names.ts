import type { Options } from './options.ts'
import type { Request } from './request.ts'

/** What a request may have. */
export const REQUEST_NAMES: readonly (keyof Request)[] = [
  'model',
  'messages',
  'tools',
  'toolChoice',
  'parallelToolCalls',
  'output',
  'outputRetries',
  'maxTokens',
  'temperature',
  'topP',
  'stop',
  'seed',
  'reasoningEffort',
  'extraBody',
]

/** What the options of a call may have. */
export const OPTION_NAMES: readonly (keyof Options)[] = [
  'timeout',
  'deadline',
  'signal',
  'detached',
  'retry',
  'apiKey',
  'headers',
  'idempotencyKey',
  'metadata',
  'onEvent',
  'fetch',
  'dispatcher',
  'proxy',
  'wire',
  'rawEvents',
  'maxResponseBytes',
]
