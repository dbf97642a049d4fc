/** Other words for a name of ours, in plain form: what other libraries and the providers' wires call it. */
const ALIASES: Readonly<Record<string, string>> = {
  key: 'apiKey',
  token: 'apiKey',
  url: 'baseURL',
  endpoint: 'baseURL',
  host: 'baseURL',
  defaultheaders: 'headers',
}

/** The known name that a mistaken one most likely means: the same letters in another case, an alias, or one slip of the finger. */
export function likely(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  return (
    known.find((candidate) => plain(candidate) === wanted) ??
    known.find((candidate) => candidate === ALIASES[wanted]) ??
    known.find((candidate) => oneSlip(plain(candidate), wanted))
  )
}

function plain(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toLowerCase()
}

/** Whether one inserted, missing, wrong or swapped letter makes the difference. */
function oneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || a.length < 4) return false
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const x = a.slice(same)
  const y = b.slice(same)
  const [x1, y1] = [x.slice(1), y.slice(1)]
  return x1 === y1 || x1 === y || x === y1 || (x[0] === y[1] && x[1] === y[0] && x.slice(2) === y.slice(2))
}
