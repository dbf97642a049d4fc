import { styleText } from 'node:util'
import type { AnyCompletionError, Attempt, Completion, StopReason } from 'punctual'

/** A failure that might be mended is final all the same where part of the answer has been given: nothing is given twice. */
function whyStopped(reason: StopReason, retryable: boolean): string {
  return reason === 'not_retryable' && retryable ? 'part of the answer had been given already' : WHY[reason]
}

/** Columns of the drawing, and of a line of prose. */
const DRAWING = 36
const PROSE = 96

const WHY: Readonly<Record<StopReason, string>> = {
  not_retryable: 'the same request would end alike',
  max_retries: 'the retries are used up',
  retry_after: 'the server asks for a longer wait than there is time for',
  deadline: 'the time is up',
  budget: 'the retry budget is empty',
  aborted: 'the caller left',
  circuit: 'the circuit breaker is open',
}

/** How the drawing is to be read. */
export const LEGEND: string = `${style('yellow', '▒')} waiting for a response   ${style('green', '█')} reading it   ${style('gray', '·')} waiting before the next attempt`

/** A call that was answered: its attempts, and the answer. */
export function renderCompletion(completion: Completion): string {
  const { text, finishReason, usage, duration, attempts, model } = completion
  const tokens = usage ? ` · ${usage.totalTokens} tokens` : ''
  return [
    ...renderAttempts(attempts, duration),
    '',
    `  ${style('green', '✔')} ${wrap(quote(text), 4)}`,
    `    ${style('gray', `${model} · finishReason '${finishReason}'${tokens} · ${ms(duration)}`)}`,
  ].join('\n')
}

/** A call that failed: its attempts, and the error as its caller sees it. */
export function renderError(error: AnyCompletionError): string {
  const {
    attempts,
    duration = 0,
    name,
    message,
    code,
    phase,
    stopReason,
    retryable,
    sent,
    status,
    partial,
    cause,
  } = error
  const facts = [
    `code '${code}'`,
    phase && `phase '${phase}'`,
    status && `status ${status}`,
    `retryable ${retryable}`,
    `sent ${sent}`,
    stopReason && `stopReason '${stopReason}': ${whyStopped(stopReason, error.retryable)}`,
    ms(duration),
  ]
  return [
    ...renderAttempts(attempts, duration),
    '',
    `  ${style('red', '✘')} ${wrap(`${name}: ${message}`, 4).replace(name, style('bold', name))}`,
    `    ${style('gray', wrap(facts.filter(Boolean).join(' · '), 4, ' · '))}`,
    ...(code === 'aborted' && cause instanceof Error ? [`    cause: ${cause.message}`] : []),
    ...(partial?.text ? [`    partial.text: ${quote(partial.text)}`] : []),
  ].join('\n')
}

/** One line for each attempt, and for each wait between two. */
export function renderAttempts(attempts: readonly Attempt[], duration: number): readonly string[] {
  const last = attempts.at(-1)
  const span = Math.max(duration, last ? last.startOffset + last.duration : 0, 1)
  return attempts.flatMap((attempt) => {
    const { index, startOffset, delayBefore, timeToHeaders } = attempt
    const headersAt = startOffset + (timeToHeaders ?? attempt.duration)
    const drawn = draw(span, [
      [startOffset, headersAt, '▒'],
      [headersAt, startOffset + attempt.duration, timeToHeaders === undefined ? '▒' : '█'],
    ])
    const line = row(startOffset, `attempt ${index + 1}`, colour(drawn, attempt), outcome(attempt))
    if (delayBefore === 0) return [line]
    const waitedFrom = startOffset - delayBefore
    const chooser = attempt.delayFrom === 'server' ? 'as the server asked' : 'by our own schedule'
    const dots = style('gray', draw(span, [[waitedFrom, startOffset, '·']]))
    return [row(waitedFrom, 'wait', dots, `${ms(delayBefore)}, ${chooser}`), line]
  })
}

function row(offset: number, label: string, drawing: string, note: string): string {
  return `  ${style('gray', ms(offset).padStart(9))}  ${label.padEnd(9)} ${drawing}  ${note}`
}

/** Fills the columns of each stretch of time; one that is too short for a column still gets one. */
function draw(span: number, stretches: readonly (readonly [from: number, to: number, sign: string])[]): string {
  const columns = Array<string>(DRAWING).fill(' ')
  for (const [from, to, sign] of stretches) {
    const first = Math.min(Math.round((from / span) * DRAWING), DRAWING - 1)
    const end = Math.max(Math.round((to / span) * DRAWING), first + 1)
    columns.fill(sign, first, end)
  }
  return columns.join('')
}

function colour(drawn: string, { outcome: end }: Attempt): string {
  return drawn
    .replace(/▒+/, (waiting) => style('yellow', waiting))
    .replace(/█+/, (reading) => style(end === 'ok' ? 'green' : 'red', reading))
}

function outcome({ outcome: end, status, error, duration }: Attempt): string {
  const answered = status === undefined ? '' : `${status} `
  const what = end === 'ok' ? 'ok' : `${error?.code ?? end}${error?.phase ? ` (${error.phase})` : ''}`
  return `${answered}${style(end === 'ok' ? 'green' : 'red', what)} after ${ms(duration)}`
}

const ms = (milliseconds: number): string => `${Math.round(milliseconds).toLocaleString('en')} ms`

const quote = (text: string): string => `“${text}”`

/** Prose in lines that a terminal holds, broken only at the separator; all but the first are indented. */
function wrap(text: string, indent: number, separator = ' '): string {
  const lines: string[] = []
  for (const word of text.split(separator)) {
    const line = lines.at(-1)
    if (line === undefined || line.length + separator.length + word.length > PROSE) lines.push(word)
    else lines[lines.length - 1] = `${line}${separator}${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** Colour where the terminal shows it and NO_COLOR does not forbid it. */
export function style(format: 'bold' | 'gray' | 'green' | 'red' | 'yellow', text: string): string {
  return styleText(format, text, { stream: process.stdout })
}
