import type { Message } from '../vocabulary/message.ts'

/** Walks the messages; a TypeError for one that the wire cannot express names it. */
export function eachMessage(messages: readonly Message[], visit: (message: Message) => unknown): void {
  let index = 0
  try {
    for (; index < messages.length; index++) visit(messages[index] as Message)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`request.messages[${index}]: ${error.message}`, { cause: error })
  }
}

/** Asks in words for what a server has no mode for. */
export function schemaInstruction(schema: object): string {
  return `Answer with JSON only, no other text and no code fence. It must fit this JSON Schema:\n${JSON.stringify(schema)}`
}
