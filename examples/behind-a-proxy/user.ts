import { Agent, request } from 'node:http'

/** What a user got. */
export interface Answer {
  /** 0 for a user who left before there was an answer. */
  readonly status: number
  readonly type: string
  readonly text: string
  /** From the request to the last byte. */
  readonly milliseconds: number
  /** When each piece of the body arrived, in milliseconds from the request. */
  readonly pieces: readonly number[]
}

const agent = new Agent({ keepAlive: false })

/** Posts a prompt and reads the whole answer; leaves after `leaveAfter` ms. Never rejects: a cut connection ends what there is. */
export function post(port: number, path: string, prompt: string, leaveAfter?: number): Promise<Answer> {
  const began = performance.now()
  return new Promise((resolve) => {
    const pieces: number[] = []
    let status = 0
    let type = ''
    let text = ''
    const done = (): void => resolve({ status, type, text, milliseconds: performance.now() - began, pieces })
    const outgoing = request({ port, path, method: 'POST', agent }, (response) => {
      status = response.statusCode ?? 0
      type = response.headers['content-type'] ?? ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        pieces.push(performance.now() - began)
      })
      response.on('close', done)
    })
    outgoing.on('error', done).end(prompt)
    if (leaveAfter !== undefined) setTimeout(() => outgoing.destroy(), leaveAfter)
  })
}

/** What an endpoint tells as JSON. */
export async function read<T>(port: number, path: string): Promise<T> {
  return JSON.parse((await post(port, path, '')).text) as T
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * share) / 100) - 1)] ?? 0
}
