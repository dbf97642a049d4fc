import { parsed } from '../base/json.ts'

/**
 * Reads as much of a JSON text as has arrived: what is open is closed, what is half written is dropped. For showing what had been
 * received of an answer that was cut; never for taking it as complete. Undefined where nothing can be read.
 */
export function salvageJson(text: string): unknown {
  const { open, inString, comma } = scan(text, text.length)
  // A cut string is a value worth keeping, unless it is a key or ends inside an escape; then the last whole member is.
  const cut = inString ? text.replace(/\\(u[0-9a-f]{0,3})?$/i, '') : text
  return parsed(cut + (inString ? '"' : '') + closing(open)) ?? parsed(text.slice(0, comma) + openBefore(text, comma))
}

/** Read again up to there: keeping what was open at every comma would cost more than the whole reading. */
const openBefore = (text: string, end: number): string => closing(scan(text, end).open)

interface Scanned {
  /** The brackets that would close what is open. */
  readonly open: readonly string[]
  readonly inString: boolean
  /** The last place at which everything before it is whole. */
  readonly comma: number
}

function scan(text: string, end: number): Scanned {
  const open: string[] = []
  let inString = false
  let comma = 0
  for (let i = 0; i < end; i++) {
    const character = text[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
      continue
    }
    if (character === '"') inString = true
    else if (character === '{') open.push('}')
    else if (character === '[') open.push(']')
    else if (character === '}' || character === ']') open.pop()
    else if (character === ',') comma = i
  }
  return { open, inString, comma }
}

const closing = (open: readonly string[]): string => open.toReversed().join('')
