import { YOUNG } from '../base/young.ts'
import type { Call } from '../call/call.ts'
import { type OutputReading, readOutput } from '../request/output.ts'
import { readToolCalls } from '../request/tools.ts'
import type { Answer } from '../vocabulary/provider.ts'
import type { ResolvedRequest } from '../vocabulary/request.ts'
import type { Issue, PartialAnswer, ToolCall } from '../vocabulary/result.ts'
import type { Conclusion, WholeAnswer } from './body.ts'
import { messageOf, type Understood } from './completion.ts'
import { partialOf } from './json-body.ts'

const NOTHING_ASKED: OutputReading = { kind: 'fits', output: undefined }

/** Reads a whole answer's tool calls and its output. Answers at once where the schemas do. */
export function understand(call: Call, read: WholeAnswer): Conclusion<Understood> | Promise<Conclusion<Understood>> {
  const { inputs, output } = call.expected
  const answered = read.answer.toolCalls.every(({ id }) => id)
    ? read
    : { ...read, answer: identified(call, read.answer) }
  const { answer } = answered
  if (saysNothing(answer, call.request)) return { ...EMPTY, partial: partialOf(answer) }
  const calls = answer.toolCalls.length > 0 ? readToolCalls(answer.toolCalls, inputs) : answer.toolCalls
  const called = inputs.size > 0 && answer.toolCalls.length > 0
  const reading = output && !called ? readOutput(output, answer) : NOTHING_ASKED
  return calls instanceof Promise || reading instanceof Promise
    ? Promise.all([calls, reading]).then(([ready, known]) => concluded(call, answered, ready, known))
    : concluded(call, answered, calls, reading)
}

/** The id of a tool call that came without any: unlike those of the turns before and after. */
export const ownToolCallId = (call: Call, index: number): string => `${call.id}_${index}`

function identified(call: Call, answer: Answer): Answer {
  const toolCalls = answer.toolCalls.map((one, index) => ({ ...one, id: one.id || ownToolCallId(call, index) }))
  return { ...answer, toolCalls }
}

/**
 * Well-formed, finished, and without anything in it: LM Studio answers so when a prompt overflows its context. A text of `stop` may stand
 * at the very beginning; and a turn that is paused, or that follows a tool's result, may have nothing to add (Anthropic), for which its
 * usage counts tokens beside those of its hidden thoughts.
 */
function saysNothing(answer: Answer, { stop, messages }: ResolvedRequest): boolean {
  const { text, reasoning, refusal, toolCalls, otherContent, parts, finishReason, usage } = answer
  if (text || reasoning || refusal || toolCalls.length > 0 || otherContent) return false
  if (parts?.some(({ type }) => type !== 'text' && type !== 'reasoning')) return false
  if (finishReason === 'length' || finishReason === 'content_filter' || stop.length > 0) return false
  const written = (usage?.outputTokens ?? 0) - (usage?.reasoningTokens ?? 0) > 0
  return !(written && (finishReason === 'other' || messages.at(-1)?.role === 'tool'))
}

const EMPTY = {
  kind: 'misfit',
  code: 'invalid_response',
  problem: 'the answer is finished but empty',
  retryable: true,
  error: undefined,
  correction: undefined,
} as const

function concluded(
  call: Call,
  answered: WholeAnswer,
  toolCalls: readonly ToolCall[],
  reading: OutputReading,
): Conclusion<Understood> {
  if (reading.kind === 'fits')
    return { ...YOUNG, kind: 'fits', value: { ...answered, toolCalls, output: reading.output } }
  const { answer } = answered
  const { code, problem, retryable, issues, error } = reading
  const most = call.expected.output?.retries ?? 0
  const correction = issues && { message: messageOf(answer), issues, most }
  return { kind: 'misfit', code, problem, retryable, error, correction, partial: partialOfMisfit(answer, issues) }
}

/** Nothing received is lost: a refusal is what the model said in place of an answer. */
function partialOfMisfit(answer: Answer, issues: readonly Issue[] | undefined): PartialAnswer | undefined {
  const partial = partialOf({ ...answer, text: answer.text || (answer.refusal ?? '') })
  return partial && (issues ? { ...partial, issues } : partial)
}
