/**
 * Whether a body begins as JSON or as a web page, as which no event does; undefined while it has not begun. Some servers answer so
 * although a stream was asked for.
 */
export function beginsDocument(chunk: Uint8Array): boolean | undefined {
  // A byte order mark lies beyond ASCII.
  const first = chunk.find((byte) => byte > SPACE && byte < 0x80)
  return first === undefined ? undefined : first === BRACE || first === BRACKET || first === LESS_THAN
}

const SPACE = 0x20
const BRACE = 0x7b
const BRACKET = 0x5b
const LESS_THAN = 0x3c
