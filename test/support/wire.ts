import type { AuthorizeContext, Model, Provider, ServerSentEvent, StreamPart } from '../../src/vocabulary/provider.ts'
import type { ResolvedRequest } from '../../src/vocabulary/request.ts'

/** A request with nothing in it but what a test is about. */
export function request(over: Partial<ResolvedRequest> = {}): ResolvedRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [],
    stop: [],
    extraBody: {},
    stream: false,
    ...over,
  }
}

/** The body that a model's provider prepares. */
export function bodyOf(model: Model, over: Partial<ResolvedRequest> = {}): Record<string, unknown> {
  const { body } = model.provider.prepare(request({ model: model.id, ...over }))
  return JSON.parse(body) as Record<string, unknown>
}

/** The credential's headers for one attempt. */
export function authorized(provider: Provider, over: Partial<AuthorizeContext> = {}): unknown {
  const context = { signal: new AbortController().signal, apiKey: undefined, rejected: false, ...over }
  return provider.authorize?.(provider.prepare(request()), context)
}

/** What a streamed answer says, event by event; an object is sent as JSON, with its `event` where it is a pair. */
export function streamed(
  provider: Provider,
  ...events: (object | string | [event: string, data: object])[]
): StreamPart[] {
  const read = provider.streamReader?.()
  const parts: StreamPart[] = []
  for (const event of events) {
    const named = Array.isArray(event)
    const data = named ? event[1] : event
    const sent: ServerSentEvent = {
      event: named ? (event[0] as string) : undefined,
      data: typeof data === 'string' ? data : JSON.stringify(data),
    }
    parts.push(...(read?.(sent) ?? []))
  }
  return JSON.parse(JSON.stringify(parts)) as StreamPart[]
}
