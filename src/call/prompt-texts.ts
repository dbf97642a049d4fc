import { object, parsed } from '../base/json.ts'
import type { Call } from './call.ts'

/**
 * Every text of a prompt, for taking out of an error message what a provider repeats of it: what the messages say, and every text of
 * the request as it is sent, so that nothing is forgotten that reaches the wire by another way (tools, schemas, wire fields, bytes).
 */
export function promptTexts({ request: { messages }, wire: { body } }: Pick<Call, 'request' | 'wire'>): string[] {
  const texts = new Set<string>()
  for (const message of messages) {
    const { content } = message
    if (typeof content === 'string') texts.add(content)
    else {
      for (const part of content) {
        for (const own of ['text', 'url', 'name'] as const) {
          const text = (part as Partial<Record<typeof own, string>>)[own]
          if (text !== undefined) texts.add(text)
        }
      }
    }
    if (message.role === 'assistant') for (const call of message.toolCalls ?? []) texts.add(call.arguments)
  }
  for (const text of stringsOf(body)) if (!isName(text)) texts.add(text)
  return [...texts]
}

/** The strings of a body that is JSON; none of another. */
function stringsOf(body: Call['wire']['body']): string[] {
  // Not of an upload, which may be large.
  const written = body instanceof Uint8Array && body[0] === BRACE ? new TextDecoder().decode(body) : body
  const open: unknown[] = typeof written === 'string' ? [parsed(written)] : []
  const strings: string[] = []
  // Not by recursion: what a caller sends may be as deep as it likes.
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string') strings.push(next)
    else if (Array.isArray(next)) for (const item of next as unknown[]) open.push(item)
    else for (const member of Object.values(object(next) ?? {})) open.push(member)
  }
  return strings
}

const BRACE = 0x7b
const LONGEST_NAME = 64

/** Models, roles, the keywords of a schema: without them no message about a request can be understood. */
function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && /^[\w.:/-]*$/.test(text) && !text.includes('://')
}
