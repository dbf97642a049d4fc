import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with the request number `turn` (from 0) of one scene. */
export type Script = (response: ServerResponse, turn: number) => void

/** A provider on loopback that speaks Chat Completions and misbehaves on cue. */
export interface DemoServer {
  /** Where a scene's script is played. */
  baseURL(scene: string): string
  close(): Promise<void>
}

/** Serves each script under its own name: `/<scene>/v1/chat/completions`. */
export async function startServer(scripts: Readonly<Record<string, Script>>): Promise<DemoServer> {
  const turns = new Map<string, number>()
  const server = createServer((request, response) => {
    const scene = request.url?.split('/')[1] ?? ''
    const script = scripts[scene]
    if (!script) return void response.writeHead(404).end()
    const turn = turns.get(scene) ?? 0
    turns.set(scene, turn + 1)
    request.resume()
    request.on('end', () => script(response, turn))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseURL: (scene) => `http://127.0.0.1:${port}/${scene}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const TEXT = 'Spring tides come at new and full moon, when sun and moon pull along one line.'

const ANSWER = JSON.stringify({
  id: 'chatcmpl-demo',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'tide-1',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 14, completion_tokens: 19, total_tokens: 33 },
})

/** The answer as a stream: `count` of its words, one every 60 ms; then `end`, or else the rest of it. */
export function streamTokens(response: ServerResponse, count: number, end?: () => void): void {
  const words = TEXT.split(/(?<= )/).slice(0, count)
  const event = (delta: object, reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-demo', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'tide-1', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
  const next = (): void => {
    if (response.destroyed) return
    const word = words.shift()
    if (word !== undefined) {
      response.write(event({ content: word }, null))
      setTimeout(next, 60)
    } else if (end) end()
    else response.end(`${event({}, 'stop')}data: [DONE]\n\n`)
  }
  later(response, 120, () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ role: 'assistant', content: '' }, null))
    setTimeout(next, 60)
  })
}

/** The whole answer, after the time that a model thinks. */
export function answer(response: ServerResponse, thinking: number): void {
  later(response, thinking, () => json(response, 200, ANSWER))
}

/** An error object as OpenAI writes it. */
export function refuse(
  response: ServerResponse,
  status: number,
  error: { readonly message: string; readonly type: string; readonly code?: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  later(response, 40, () =>
    json(response, status, JSON.stringify({ error: { param: null, code: null, ...error } }), headers),
  )
}

/** The head and the first half of the answer; then nothing, on a connection that stays open. */
export function stall(response: ServerResponse): void {
  later(response, 120, () => writeHalf(response))
}

/** The same, but the connection is cut. */
export function truncate(response: ServerResponse): void {
  later(response, 120, () => writeHalf(response, () => response.destroy()))
}

function writeHalf(response: ServerResponse, then?: () => void): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
  response.write(ANSWER.slice(0, ANSWER.indexOf(', when')), then)
}

function json(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

/** Nobody is answered who has left in the meantime, and no timer outlives the connection. */
function later(response: ServerResponse, milliseconds: number, act: () => void): void {
  const timer = setTimeout(act, milliseconds)
  response.on('close', () => clearTimeout(timer))
}
