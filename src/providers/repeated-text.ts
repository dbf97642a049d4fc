import { parsed } from '../base/json.ts'

/** A piece of text, of whichever kind, that is all an event says. */
export interface Saying {
  readonly type: 'text' | 'reasoning'
  readonly text: string
}

/** Reads events that differ from an earlier one in their text alone, without parsing all the rest of them again. */
export interface RepeatedText {
  /** What the event says; undefined where it has to be parsed, which proves nothing about it. */
  read(data: string): Saying | undefined
  /** Takes an event that was parsed, and that says this and nothing else, as the pattern of those to come. */
  learn(data: string, saying: Saying): void
}

/** What surrounds the strings that may differ: the text, and OpenAI's padding where there is one. */
interface Pattern {
  readonly type: Saying['type']
  readonly fixed: readonly [beforeText: string, ...behind: string[]]
}

/** So many patterns in a row that nothing fitted, and no more are made: a server that changes more than the text pays for these. */
const MOST_FRUITLESS = 4
/** OpenAI pads its events with a random string of its own (https://platform.openai.com/docs/api-reference/chat/create, `stream_options`). */
const PADDING = '"obfuscation":"'
const ENDS_LITERAL = '"'
/** What may stand in the literal of a JSON string without being an escape or a mistake is itself. */
const NOT_ITSELF = /[\\\p{Cc}]/u
/** V8 copies shorter slices; a longer one would keep the text that it is cut from. */
const KEEPS_ITS_SOURCE = 13

/**
 * Parsing is most of what reading a token costs, and from token to token nearly all of the JSON is the same. Where an event's
 * text, between two pieces that are known, is replaced by another that needs no escapes, the rest of the JSON stays what it was: a
 * pattern is made of an event that `sayingOf` has read, and proven with another text in its place.
 */
export function repeatedText(sayingOf: (json: unknown) => Saying | undefined): RepeatedText {
  let pattern: Pattern | undefined
  let fruitless = 0

  return {
    read(data) {
      const text = pattern && textIn(data, pattern.fixed)
      if (!text) return undefined
      fruitless = 0
      return { type: (pattern as Pattern).type, text }
    },
    learn(data, { type, text }) {
      if (fruitless >= MOST_FRUITLESS) return
      fruitless++
      const fixed = patternOf(data, text)
      if (!fixed) return
      // Where another string of the event is the same, and was replaced, the event says no other text now than before.
      const probe = `${text}.`
      const json = parsed(fixed.join(probe))
      const proof = json !== undefined && sayingOf(json)
      if (proof && proof.type === type && proof.text === probe) pattern = { type, fixed }
    },
  }
}

function patternOf(data: string, text: string): Pattern['fixed'] | undefined {
  // The last, for ids and names come first; where that is another's, the proof fails.
  const start = data.lastIndexOf(`"${text}"`) + 1
  if (start === 0) return undefined
  const before = data.slice(0, start)
  const behind = data.slice(start + text.length)
  const padding = behind.lastIndexOf(PADDING)
  if (padding < 0) return [before, behind]
  const padded = padding + PADDING.length
  const end = behind.indexOf(ENDS_LITERAL, padded)
  return [before, behind.slice(0, padded), behind.slice(end)]
}

/** The text of an event that is made as the pattern says; undefined for any other, and for a text that is empty or has escapes. */
function textIn(data: string, fixed: Pattern['fixed']): string | undefined {
  const [before] = fixed
  let at = before.length
  if (data.slice(0, at) !== before) return undefined
  let text: string | undefined
  for (let index = 1; index < fixed.length; index++) {
    const piece = fixed[index] as string
    const end = data.indexOf(ENDS_LITERAL, at)
    const literal = data.slice(at, end)
    if (end < at || NOT_ITSELF.test(literal)) return undefined
    text ??= literal
    at = end + piece.length
    if (data.slice(end, at) !== piece) return undefined
  }
  if (at !== data.length || !text) return undefined
  return text.length < KEEPS_ITS_SOURCE ? text : (parsed(`"${text}"`) as string)
}
