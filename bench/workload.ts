/** What is asked and answered: the same for every contender. */

/** A short answer, one of 20 KB, and a short one that waits until it is released. */
export type Size = 'small' | 'large' | 'held'

export const MESSAGES = [
  { role: 'system', content: 'You are a helpful assistant. Answer in one sentence.' },
  { role: 'user', content: 'What is the capital of France, and how many people live there?' },
] as const

export const MODEL = 'gpt-5-mini'
export const KEY = 'sk-bench-0123456789abcdef0123456789abcdef'

const SHORT = 'The capital of France is Paris, and about two million people live there.'

/** How long the text of each answer is: an answer that differs is a failed measurement. */
export const LENGTHS: Readonly<Record<Size, number>> = { small: SHORT.length, large: 20_000, held: SHORT.length }

export const BODIES: Readonly<Record<Size, string>> = {
  small: completion(SHORT),
  large: completion(SHORT.repeat(300).slice(0, LENGTHS.large)),
  held: completion(SHORT),
}

function completion(content: string): string {
  return JSON.stringify({
    id: 'chatcmpl-0123456789abcdef',
    object: 'chat.completion',
    created: 1_762_000_000,
    model: 'gpt-5-mini-2025-08-07',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 31,
      completion_tokens: 17,
      total_tokens: 48,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
  })
}
