/**
 * Response headers as both transports report them: names in lower case, repeated fields joined by ", ". Cookies alone are joined by line
 * feeds, for they hold commas of their own (RFC 9110 section 5.3).
 */
export type HeaderBag = Readonly<Record<string, string>>

/** What stands between two values of a field. */
export const separatorOf = (name: string): string => (name === 'set-cookie' ? '\n' : ', ')

/** As the web's standard has them: every cookie by itself. */
export function headersOfBag(bag: HeaderBag): Headers {
  const { 'set-cookie': cookies, ...others } = bag
  const headers = new Headers()
  for (const [name, value] of Object.entries(others)) {
    try {
      headers.append(name, value)
    } catch {
      // Of a custom fetch, which may give what no header can hold.
    }
  }
  for (const cookie of cookies?.split('\n') ?? []) headers.append('set-cookie', cookie)
  return headers
}
