import { YOUNG } from '../base/young.ts'
import type { Request, ResolvedRequest } from '../vocabulary/request.ts'
import { type Expected, resolveOutput } from './output.ts'
import { resolveTools } from './tools.ts'

const NONE: readonly string[] = []
const NO_FIELDS: Readonly<Record<string, unknown>> = {}

/** Throws a TypeError for tools or an `output` that cannot be sent. */
export function resolveRequest(
  request: Request,
  model: string,
  stream: boolean,
): { readonly resolved: ResolvedRequest; readonly expected: Expected } {
  const { messages, maxTokens, temperature, topP, stop, seed, reasoningEffort, extraBody } = request
  const { inputs, tools, toolChoice, parallelToolCalls } = resolveTools(request)
  const output = resolveOutput(request)
  const resolved = {
    ...YOUNG,
    model,
    messages,
    tools,
    toolChoice,
    parallelToolCalls,
    output: output?.sent,
    maxTokens,
    temperature,
    topP,
    stop: stop === undefined ? NONE : typeof stop === 'string' ? [stop] : stop,
    seed,
    reasoningEffort,
    extraBody: extraBody ?? NO_FIELDS,
    stream,
  }
  return { resolved, expected: { ...YOUNG, inputs, output } }
}
