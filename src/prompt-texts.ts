import type { ResolvedRequest } from './request.ts'

/** Every text of a prompt, for taking out of an error message what a provider repeats of it. */
export function promptTexts({ messages }: ResolvedRequest): string[] {
  const texts: string[] = []
  for (const { content } of messages) {
    if (typeof content === 'string') texts.push(content)
    else for (const part of content) if ('text' in part) texts.push(part.text)
  }
  return texts
}
