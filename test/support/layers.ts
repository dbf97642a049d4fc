/**
 * The order of src, from what a user imports down to the vocabulary. A file imports values only from layers below its own;
 * types, which are erased, also from its own layer. Every file of src stands here, the files of a folder together.
 */
export const LAYERS: readonly (readonly string[])[] = [
  // The entry points.
  ['edge.ts', 'fetch-edge.ts', 'fetch.ts', 'index.ts', 'server.ts'],
  ['exports.ts'],
  // What stands between an HTTP endpoint and its calls.
  ['server/middleware.ts'],
  ['server/relay-response.ts', 'server/relay.ts', 'server/with-request.ts'],
  ['server/deadline-from.ts', 'server/relay-events.ts'],
  ['server/problem.ts'],
  ['server/signal-from.ts'],
  ['server/ambient-storage.ts', 'server/host.ts', 'server/platforms.ts', 'server/timeout-headers.ts'],
  // A request that is somebody else's.
  ['fetch/create-fetch.ts'],
  ['fetch/fetch-call.ts'],
  ['fetch/returned.ts', 'fetch/wires.ts'],
  ['fetch/unwrap-error.ts'],
  [
    'fetch/passage.ts',
    'fetch/passed-body.ts',
    'fetch/request-head.ts',
    'fetch/responses-wire.ts',
    'fetch/call-mark.ts',
  ],
  // The two calls, and who makes them.
  ['entry.ts'],
  ['client.ts', 'default-client.ts'],
  ['complete.ts', 'stream.ts'],
  // What a stream is consumed through.
  ['stream/stream-consumers.ts'],
  ['stream/readable-stream.ts'],
  ['stream/openai-frames.ts'],
  [
    'stream/event-queue.ts',
    'stream/frames.ts',
    'stream/read-events.ts',
    'stream/stream-events.ts',
    'stream/stream-handle.ts',
    'stream/patience.ts',
  ],
  // Attempts: one after another, each from its credential to its end.
  ['attempt/attempt.ts', 'attempt/attempts.ts'],
  [
    'attempt/attempt-end.ts',
    'attempt/backoff.ts',
    'attempt/correction.ts',
    'attempt/credentials.ts',
    'attempt/running-attempt.ts',
    'attempt/settle.ts',
  ],
  // From bytes to an answer that is complete.
  ['answer/stream-body.ts', 'answer/understanding.ts'],
  ['answer/event-body.ts'],
  ['answer/json-body.ts'],
  ['answer/parse.ts', 'answer/sse.ts'],
  [
    'answer/body.ts',
    'answer/completion.ts',
    'answer/document-start.ts',
    'answer/gathering.ts',
    'answer/kept-bytes.ts',
    'answer/salvage.ts',
    'answer/sse-window.ts',
  ],
  // One call: its options, its deadline, its error.
  ['call/open-call.ts', 'call/waiting.ts'],
  ['call/call-signals.ts', 'call/deadline.ts', 'call/failure.ts'],
  [
    'call/ambient.ts',
    'call/call-host.ts',
    'call/call-id.ts',
    'call/call-timer.ts',
    'call/call.ts',
    'call/prepare.ts',
    'call/prompt-texts.ts',
    'call/resolve-options.ts',
    'call/secrets.ts',
  ],
  // What is asked, checked and in one form.
  ['request/resolve-request.ts'],
  ['request/output.ts'],
  ['request/tools.ts'],
  ['request/schema.ts'],
  ['request/json-schema-check.ts'],
  ['request/check-request.ts', 'request/json-schema.ts'],
  // Providers: each a wire format and an endpoint.
  ['providers/azure.ts'],
  ['providers/openai.ts', 'providers/presets.ts'],
  ['providers/openai-compatible.ts'],
  ['providers/anthropic.ts', 'providers/gemini.ts', 'providers/openai-stream.ts'],
  [
    'providers/anthropic-parse.ts',
    'providers/anthropic-wire.ts',
    'providers/gemini-parse.ts',
    'providers/gemini-wire.ts',
    'providers/openai-parse.ts',
    'providers/openai-wire.ts',
  ],
  [
    'providers/answer.ts',
    'providers/anthropic-schema.ts',
    'providers/conversation.ts',
    'providers/dialect.ts',
    'providers/media.ts',
    'providers/other-words.ts',
    'providers/repeated-text.ts',
    'providers/settings.ts',
    'providers/strict-schema.ts',
  ],
  // What a failure means.
  ['classify/classify.ts'],
  ['classify/rules.ts'],
  ['classify/rules/access.ts', 'classify/rules/others.ts'],
  ['classify/envelope.ts', 'classify/rules/context.ts', 'classify/rules/limits.ts', 'classify/rules/rule.ts'],
  [
    'classify/echoes.ts',
    'classify/explain.ts',
    'classify/network-rules.ts',
    'classify/observation.ts',
    'classify/redact.ts',
    'classify/request-id.ts',
    'classify/retry-after.ts',
    'classify/status-rules.ts',
  ],
  // How requests leave the process.
  ['transport/node.ts'],
  ['transport/dispatcher.ts', 'transport/proxy.ts'],
  ['transport/undici.ts'],
  ['transport/edge.ts', 'transport/exchange.ts'],
  [
    'transport/async-context.ts',
    'transport/decode.ts',
    'transport/fetch.ts',
    'transport/node-errors.ts',
    'transport/proxy-environment.ts',
    'transport/transport.ts',
  ],
  // What has nothing to do with calls.
  ['base/check.ts'],
  ['base/ascii.ts', 'base/epoch.ts', 'base/json.ts', 'base/suggest.ts', 'base/turn.ts', 'base/young.ts'],
  // What everything speaks of: types, and the one error.
  [
    'vocabulary/attempt-record.ts',
    'vocabulary/clock.ts',
    'vocabulary/errors.ts',
    'vocabulary/events.ts',
    'vocabulary/header-bag.ts',
    'vocabulary/message.ts',
    'vocabulary/names.ts',
    'vocabulary/options.ts',
    'vocabulary/provider.ts',
    'vocabulary/request.ts',
    'vocabulary/result.ts',
    'vocabulary/standard-schema.ts',
  ],
]

/** Each outside package, and the one file that imports it; its types may be spoken of throughout the folder. */
export const OUTSIDE: Readonly<Record<string, string>> = {
  'p-retry': 'attempt/attempts.ts',
  'p-timeout': 'call/deadline.ts',
  undici: 'transport/undici.ts',
}

/** The entry points that a bundle for browsers and edge runtimes begins at: nothing they reach may need Node. */
export const EDGE_ENTRIES: readonly string[] = ['edge.ts', 'fetch-edge.ts', 'server.ts']
