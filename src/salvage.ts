/**
 * Reads as much of a JSON text as has arrived: what is open is closed, what is half written is dropped. For showing what had been
 * received of an answer that was cut; never for taking it as complete. Undefined where nothing can be read.
 */
export function salvageJson(text: string): unknown {
  const open: string[] = []
  let inString = false
  // The last place at which everything before it is whole, and what was open there.
  let safe = 0
  let safeOpen = ''
  for (let i = 0; i < text.length; i++) {
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
    else if (character === ',') {
      safe = i
      safeOpen = closing(open)
    }
  }
  // A cut string is a value worth keeping, unless it is a key or ends inside an escape; then the last whole member is.
  const cut = inString ? text.replace(/\\(u[0-9a-f]{0,3})?$/i, '') : text
  return tryParse(cut + (inString ? '"' : '') + closing(open)) ?? tryParse(text.slice(0, safe) + safeOpen)
}

const closing = (open: readonly string[]): string => open.toReversed().join('')

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
