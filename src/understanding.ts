import type { BodyOutcome, BodyReader } from './attempt.ts'
import type { Call } from './call.ts'
import { messageOf } from './completion.ts'
import { partialOf } from './json-body.ts'
import { corrected, type Correction, type Expected, type OutputReading, readOutput } from './output.ts'
import type { Answer } from './provider.ts'
import type { Issue, PartialAnswer, ToolCall } from './result.ts'
import { readToolCalls } from './tools.ts'

/** An answer whose tool calls and output have been read. */
export type Understood<T> = T & { readonly toolCalls: readonly ToolCall[]; readonly output: unknown }

/** Reads tool calls and output of every whole answer that `reader` gives; an answer that does not fit is none. */
export function understanding<T extends { readonly answer: Answer }>(
  call: Call,
  reader: BodyReader<T>,
): BodyReader<Understood<T>> {
  let misfit: { readonly answer: Answer; readonly issues: readonly Issue[] | undefined } | undefined

  const settled = (value: T, toolCalls: readonly ToolCall[], reading: OutputReading): BodyOutcome<Understood<T>> => {
    const { answer } = value
    if (reading.kind === 'fits') {
      return { kind: 'whole', value: { ...value, toolCalls, output: reading.output }, usage: answer.usage }
    }
    const { code, problem, retryable, issues, error } = reading
    misfit = { answer, issues }
    const most = call.expected.output?.retries ?? 0
    const correction = issues && { message: messageOf(answer), issues, most }
    return { kind: 'invalid', code, problem, retryable, error, correction }
  }
  const read = (outcome: BodyOutcome<T>): BodyOutcome<Understood<T>> | Promise<BodyOutcome<Understood<T>>> => {
    if (outcome.kind !== 'whole') return outcome
    const { value } = outcome
    const [calls, reading] = understand(call.expected, value.answer)
    return calls instanceof Promise || reading instanceof Promise
      ? Promise.all([calls, reading]).then(([ready, known]) => settled(value, ready, known))
      : settled(value, calls, reading)
  }
  return {
    data(chunk) {
      const outcome = reader.data(chunk)
      if (!outcome) return undefined
      return outcome instanceof Promise ? outcome.then(read) : read(outcome)
    },
    end() {
      const outcome = reader.end()
      return outcome instanceof Promise ? outcome.then(read) : read(outcome)
    },
    partial: () => (misfit ? partialOfMisfit(misfit.answer, misfit.issues) : reader.partial()),
    text: reader.text,
  }
}

const NOTHING_ASKED: OutputReading = { kind: 'fits', output: undefined }

/** Reads a whole answer's tool calls and output; each is there at once where the schemas answer at once. */
export function understand(
  { inputs, output }: Expected,
  answer: Answer,
): [calls: readonly ToolCall[] | Promise<readonly ToolCall[]>, reading: OutputReading | Promise<OutputReading>] {
  const { toolCalls } = answer
  const called = inputs.size > 0 && toolCalls.length > 0
  return [
    toolCalls.length > 0 ? readToolCalls(toolCalls, inputs) : toolCalls,
    output && !called ? readOutput(output, answer) : NOTHING_ASKED,
  ]
}

/** Nothing received is lost: a refusal is what the model said in place of an answer. */
function partialOfMisfit(answer: Answer, issues: readonly Issue[] | undefined): PartialAnswer | undefined {
  const partial = partialOf({ ...answer, text: answer.text || (answer.refusal ?? '') })
  return partial && (issues ? { ...partial, issues } : partial)
}

/** The correction that the latest attempt asks for; each is taken once. */
export function takeCorrection(call: Call): Correction | undefined {
  const { correction } = call
  call.correction = undefined
  return correction
}

/** Puts the correction into the conversation that the next attempt sends. */
export function askAgain(call: Call, { message, issues }: Correction): void {
  call.request = { ...call.request, messages: corrected(call.request.messages, message, issues) }
  call.wire = call.provider.prepare(call.request)
}
