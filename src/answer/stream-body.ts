import type { Answer, StreamPart } from '../vocabulary/provider.ts'
import type { BodyReader } from './body.ts'
import { beginsDocument } from './document-start.ts'
import { isContent, openEventBody, type StreamBody, type StreamBodyInput, type StreamTaker } from './event-body.ts'
import { openJsonBody } from './json-body.ts'

/** Takes nothing: what matters is the whole. */
export const NO_TAKER: StreamTaker = { wants: () => true, part: () => undefined, ping: () => undefined }

/**
 * Reads the answer to a request for a stream. Some servers answer with a JSON document, and proxies with a web page, although a stream
 * was asked for: the first character tells.
 */
export function openStreamBody(input: StreamBodyInput): StreamBody {
  const { provider, controls, clock, limit, taker } = input
  const events = openEventBody(input)
  let document: BodyReader | undefined
  let sniffed = false
  let lastChunkAt = 0

  function sniff(chunk: Uint8Array): void {
    const isDocument = beginsDocument(chunk)
    sniffed = isDocument !== undefined
    if (!isDocument) return
    document = openJsonBody(provider, limit)
    // It is whole or nothing, but it is content, and it may stall.
    controls.silentUntil(clock.now())
  }

  function handOn(answer: Answer): void {
    const parts = partsOf(answer)
    if (parts.some(isContent)) controls.began()
    for (const part of parts) taker.part(part)
  }

  return {
    data(chunk) {
      if (!sniffed) sniff(chunk)
      if (!document) return events.data(chunk)
      lastChunkAt = clock.now()
      return document.data(chunk)
    },
    end() {
      const ended = (document ?? events).end()
      if (document && ended?.kind === 'whole') handOn(ended.value.answer)
      return ended
    },
    failed: (error) => !document && events.failed(error),
    pump: () => events.pump(),
    idleDue: (idle) => (document ? lastChunkAt + idle : events.idleDue(idle)),
    proven: () => (document ? undefined : events.proven()),
    partial: () => (document ?? events).partial(),
    text: () => (document ?? events).text(),
  }
}

/** A whole answer as the pieces of a stream that had it. */
function partsOf(answer: Answer): StreamPart[] {
  const { reasoning, text, refusal, toolCalls, usage, finishReason } = answer
  const parts: StreamPart[] = []
  if (reasoning) parts.push({ type: 'reasoning', text: reasoning })
  if (text) parts.push({ type: 'text', text })
  if (refusal) parts.push({ type: 'refusal', text: refusal })
  for (const [index, { id, name, arguments: written, providerData }] of toolCalls.entries()) {
    parts.push({ type: 'tool_call', index, id, name, arguments: written, providerData })
  }
  if (usage) parts.push({ type: 'usage', usage })
  parts.push({ type: 'finish', finishReason })
  return parts
}
