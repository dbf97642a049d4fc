import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sampleOf } from './sample.ts'

/**
 * A provider on loopback that gives every chat completion the same answer, as JSON or as a stream. Asked for JSON it makes some up that
 * fits, and the first tool that it is given it calls once.
 */
export interface FakeOpenAI {
  /**
   * For OPENAI_BASE_URL; a path prefix `/status-429` before `/v1` asks for that status. `answers` are what is said in turn: to a
   * conversation with so many assistants' messages that one.
   */
  baseURL(status: number, answers?: readonly unknown[]): string
  close(): Promise<void>
}

const TEXT = 'Hello! How can I help?'
const ABOUT = { id: 'chatcmpl-1', created: 1_760_000_000, model: 'gpt-5-mini' }
const USAGE = { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 }

export async function startFakeOpenAI(): Promise<FakeOpenAI> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const status = Number(/^\/status-(\d{3})\//.exec(request.url ?? '')?.[1] ?? 500)
      if (!request.url?.endsWith('/v1/chat/completions')) return response.writeHead(404).end()
      if (status !== 200) {
        response.writeHead(status, { 'content-type': 'application/json' })
        return response.end(JSON.stringify({ error: { message: `status ${status}`, type: 'fake', code: null } }))
      }
      const asked = JSON.parse(body) as Asked
      const answers = JSON.parse(decodeURIComponent(/\/answers-([^/]*)\//.exec(request.url)?.[1] ?? '[]')) as unknown[]
      const said = answers[asked.messages.filter(({ role }) => role === 'assistant').length]
      if (asked.stream === true) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        return response.end(streamed(typeof said === 'string' ? said : TEXT))
      }
      response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_1' })
      return response.end(JSON.stringify(whole(asked, said)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseURL(status, answers = []) {
      const said = answers.length > 0 ? `/answers-${encodeURIComponent(JSON.stringify(answers))}` : ''
      return `http://127.0.0.1:${port}/status-${status}${said}/v1`
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Asked {
  readonly stream?: boolean
  readonly messages: readonly { readonly role: string }[]
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[]
  readonly response_format?: { readonly json_schema?: { readonly schema: object } }
}

function whole({ messages, tools, response_format: format }: Asked, said: unknown): object {
  const tool = messages.at(-1)?.role === 'user' ? tools?.[0]?.function : undefined
  const call = tool && { name: tool.name, arguments: JSON.stringify(said ?? sampleOf({ ...tool.parameters })) }
  const schema = format?.json_schema?.schema
  const message = {
    role: 'assistant',
    content: call
      ? null
      : typeof said === 'string'
        ? said
        : schema
          ? JSON.stringify(said ?? sampleOf({ ...schema }))
          : TEXT,
    refusal: null,
    ...(call && { tool_calls: [{ id: 'call_1', type: 'function', function: call }] }),
  }
  const choice = { index: 0, message, finish_reason: call ? 'tool_calls' : 'stop' }
  return { ...ABOUT, object: 'chat.completion', choices: [choice], usage: USAGE }
}

function streamed(text: string): string {
  const chunk = (delta: object, finish: string | null) => ({
    ...ABOUT,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const words = text.split(/(?<= )/).map((content) => chunk({ content }, null))
  const chunks = [chunk({ role: 'assistant', content: '' }, null), ...words, chunk({}, 'stop')]
  const last = { ...ABOUT, object: 'chat.completion.chunk', choices: [], usage: USAGE }
  return [...chunks, last].map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') + 'data: [DONE]\n\n'
}
