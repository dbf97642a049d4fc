/**
 * The order of src, from what a user imports down to the vocabulary. A file imports values only from layers below its own;
 * types, which are erased, also from its own layer. Every file of src stands here.
 */
export const LAYERS: readonly (readonly string[])[] = [
  // The entry points.
  ['index.ts', 'edge.ts', 'fetch.ts', 'fetch-edge.ts', 'server.ts'],
  // What stands between an HTTP endpoint and its calls.
  ['server/relay.ts', 'server/relay-response.ts', 'server/middleware.ts'],
  ['server/relay-events.ts', 'server/with-request.ts', 'server/deadline-from.ts'],
  ['server/signal-from.ts', 'server/problem.ts', 'server/platforms.ts', 'server/timeout-headers.ts'],
  ['server/host.ts', 'server/ambient-storage.ts'],
  ['entry.ts'],
  // A request that is somebody else's.
  ['fetch/create-fetch.ts'],
  ['fetch/fetch-call.ts'],
  ['fetch/passed-body.ts', 'fetch/returned.ts', 'fetch/request-head.ts', 'fetch/wires.ts'],
  ['fetch/passage.ts', 'fetch/unwrap-error.ts', 'fetch/responses-wire.ts'],
  // A call's life.
  ['client.ts', 'default-client.ts'],
  ['complete.ts', 'stream.ts'],
  // What a stream is consumed through.
  ['stream-consumers.ts', 'read-events.ts'],
  ['readable-stream.ts', 'event-queue.ts'],
  ['openai-frames.ts'],
  ['frames.ts', 'within.ts', 'stream-handle.ts', 'stream-events.ts'],
  // The steps.
  ['open-call.ts', 'attempts.ts', 'stream-body.ts'],
  ['understanding.ts'],
  ['completion.ts', 'json-body.ts', 'gathering.ts', 'sse.ts'],
  ['sse-window.ts'],
  ['deadline.ts', 'attempt.ts', 'settle.ts'],
  ['attempt-end.ts', 'running-attempt.ts'],
  ['credentials.ts'],
  ['failure.ts', 'parse.ts', 'check-request.ts'],
  ['call.ts', 'prepare.ts', 'body.ts', 'kept-bytes.ts', 'salvage.ts', 'prompt-texts.ts'],
  ['call-timer.ts'],
  ['resolve-options.ts', 'output.ts'],
  ['tools.ts'],
  ['schema.ts'],
  ['json-schema-check.ts'],
  ['json-schema.ts'],
  ['backoff.ts'],
  // Providers: each a wire format and an endpoint.
  ['providers/azure.ts'],
  ['providers/openai.ts', 'providers/presets.ts'],
  ['providers/openai-compatible.ts', 'providers/anthropic.ts', 'providers/gemini.ts'],
  [
    'providers/openai-stream.ts',
    'providers/anthropic-wire.ts',
    'providers/anthropic-parse.ts',
    'providers/gemini-wire.ts',
    'providers/gemini-parse.ts',
  ],
  [
    'providers/settings.ts',
    'providers/repeated-text.ts',
    'providers/other-words.ts',
    'providers/openai-wire.ts',
    'providers/openai-parse.ts',
  ],
  [
    'providers/answer.ts',
    'providers/conversation.ts',
    'providers/media.ts',
    'providers/strict-schema.ts',
    'providers/anthropic-schema.ts',
  ],
  ['providers/dialect.ts'],
  // How requests leave the process.
  ['transport/node.ts', 'transport/edge.ts'],
  [
    'transport/dispatcher.ts',
    'transport/undici.ts',
    'transport/proxy.ts',
    'transport/fetch.ts',
    'transport/node-errors.ts',
  ],
  ['transport/exchange.ts'],
  ['transport/async-context.ts', 'transport/decode.ts', 'transport/proxy-environment.ts'],
  // What a failure means.
  ['classify.ts'],
  ['classify-rules.ts'],
  [
    'classify-rules/limits.ts',
    'classify-rules/access.ts',
    'classify-rules/context.ts',
    'classify-rules/others.ts',
    'status-rules.ts',
    'network-rules.ts',
    'retry-after.ts',
    'explain.ts',
    'redact.ts',
  ],
  ['classify-rules/rule.ts', 'envelope.ts'],
  ['request-id.ts', 'check.ts'],
  ['suggest.ts', 'json.ts'],
  // What everything speaks of: types, and the one error.
  [
    'options.ts',
    'standard-schema.ts',
    'provider.ts',
    'request.ts',
    'observation.ts',
    'events.ts',
    'transport/transport.ts',
    'message.ts',
    'errors.ts',
    'attempt-record.ts',
    'result.ts',
    'clock.ts',
    'turn.ts',
    'ambient.ts',
    'ascii.ts',
    'young.ts',
  ],
]

/** Each outside package, and who may import it: one place to look when it changes. */
export const OUTSIDE: Readonly<Record<string, RegExp>> = {
  'p-retry': /^attempts\.ts$/,
  'p-timeout': /^deadline\.ts$/,
  undici: /^transport\//,
}

/** The entry points that a bundle for browsers and edge runtimes begins at: nothing they reach may need Node. */
export const EDGE_ENTRIES: readonly string[] = ['edge.ts', 'fetch-edge.ts', 'server.ts']
