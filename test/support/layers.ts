/**
 * The order of src, from what a user imports down to the vocabulary. A file imports values only from layers below its own;
 * types, which are erased, also from its own layer. Every file of src stands here.
 */
export const LAYERS: readonly (readonly string[])[] = [
  // The entry points.
  ['index.ts', 'edge.ts'],
  // What everything speaks of: types, and the one error.
  [
    'options.ts',
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
  ],
]

/** Each outside package, and who may import it: one place to look when it changes. */
export const OUTSIDE: Readonly<Record<string, RegExp>> = {
  'p-retry': /^attempts\.ts$/,
  'p-timeout': /^deadline\.ts$/,
  undici: /^transport\//,
}

/** The entry points that a bundle for browsers and edge runtimes begins at: nothing they reach may need Node. */
export const EDGE_ENTRIES: readonly string[] = ['edge.ts']
