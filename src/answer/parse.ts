import type { Answer, AnswerReader } from '../vocabulary/provider.ts'
import { salvageJson } from './salvage.ts'

const decoder = new TextDecoder()

/** Joins and decodes a body, or its first `most` bytes; a byte order mark is dropped. */
export function textOf(chunks: readonly Uint8Array[], most: number = Infinity): string {
  const bytes = joined(chunks, most)
  return decoder.decode(bytes.length > most ? bytes.subarray(0, most) : bytes)
}

/** Joins chunks; of several no more than `most` bytes. A single one is given as it is. */
export function joined(chunks: readonly Uint8Array[], most: number = Infinity): Uint8Array {
  const [first] = chunks
  if (first && chunks.length === 1) return first
  let length = 0
  for (const chunk of chunks) length += chunk.length
  length = Math.min(length, most)
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    if (offset >= length) break
    whole.set(chunk.subarray(0, length - offset), offset)
    offset += chunk.length
  }
  return whole
}

/** What can be read of an answer that did not arrive whole. */
export function salvage(provider: AnswerReader, text: string): Partial<Answer> | undefined {
  const json = salvageJson(text)
  if (json === undefined) return undefined
  try {
    const read = provider.parse(json)
    return read.kind === 'answer' ? read.answer : read.partial
  } catch {
    // A provider of the user's own may throw. What is at stake here is an extra of an error that is being made for another reason.
    return undefined
  }
}

/** What a body is that is no JSON. */
export function notJson(text: string): string {
  const start = text.trimStart()
  if (start === '') return 'the body is empty'
  if (start.startsWith('<')) return 'the body is HTML or XML where JSON was due'
  if (/^(data|event|id|retry)?:/.test(start)) return 'the body is an event stream where JSON was due'
  if (start.startsWith('{') || start.startsWith('[')) return 'the JSON body ends early or is damaged'
  return 'the body is text where JSON was due'
}
