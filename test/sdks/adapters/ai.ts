import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModel } from 'ai'
import { generateText, streamText } from 'ai'
import { type Adapter, type Conversation, KEY, QUESTION, signalled, withoutRetries } from '../adapter.ts'

function conversation(model: LanguageModel, ownRetries: boolean): Conversation {
  const request = { model, prompt: QUESTION, ...withoutRetries(ownRetries) }
  return {
    async ask(signal) {
      const { text } = await generateText({ ...request, ...signalled('abortSignal', signal) })
      return text
    },
    async *stream(signal) {
      const result = streamText({ ...request, ...signalled('abortSignal', signal), onError: () => {} })
      // `textStream` ends quietly where the model has failed; the error is a part of the full stream.
      for await (const part of result.fullStream) {
        if (part.type === 'text-delta') yield part.text
        if (part.type === 'error') throw part.error
        if (part.type === 'abort') throw new DOMException('aborted', 'AbortError')
      }
    },
  }
}

const common = { heedsHeader: false, aborts: true, leaves: false, proven: true } as const

export const openai: Adapter = {
  ...common,
  wire: 'chat',
  open: (origin, fetch, ownRetries) =>
    conversation(createOpenAI({ apiKey: KEY, baseURL: `${origin}/v1`, fetch }).chat('m'), ownRetries),
}

export const openaiResponses: Adapter = {
  ...common,
  wire: 'responses',
  open: (origin, fetch, ownRetries) =>
    conversation(createOpenAI({ apiKey: KEY, baseURL: `${origin}/v1`, fetch })('m'), ownRetries),
}

export const anthropic: Adapter = {
  ...common,
  wire: 'messages',
  open: (origin, fetch, ownRetries) =>
    conversation(createAnthropic({ apiKey: KEY, baseURL: `${origin}/v1`, fetch })('m'), ownRetries),
}
