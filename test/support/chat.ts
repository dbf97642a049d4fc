import type { FaultExchange } from './fault-server.ts'

/** What the fake model says unless a test says otherwise. */
export const ANSWER = 'Paris is the capital of France.'

/** The body of a whole chat completion. */
export function chat(content: string = ANSWER, finishReason: string | null = 'stop'): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: 'm-2026',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finishReason }],
    usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 },
  }
}

/** An error's body, as OpenAI writes it. */
export function failure(message: string, type: string, code: string | null = null): object {
  return { error: { message, type, param: null, code } }
}

/** A script that does each step once, and the last of them from then on. */
export function steps(...all: ((exchange: FaultExchange) => unknown)[]): (exchange: FaultExchange) => unknown {
  return (exchange) => all[Math.min(exchange.index, all.length - 1)]?.(exchange)
}

export const answering = (exchange: FaultExchange): void => exchange.json(chat())
