import type { ResolvedRequest } from './request.ts'

/** Every text of a prompt, what a model has asked of tools among it, for taking out of an error message what a provider repeats of it. */
export function promptTexts({ messages }: ResolvedRequest): string[] {
  const texts: string[] = []
  for (const message of messages) {
    const { content } = message
    if (typeof content === 'string') texts.push(content)
    else for (const part of content) if ('text' in part) texts.push(part.text)
    if (message.role === 'assistant') for (const call of message.toolCalls ?? []) texts.push(call.arguments)
  }
  return texts
}
