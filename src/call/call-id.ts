let idPrefix: string | undefined
let ids = 0

/**
 * Unique among all processes by its random part, which is drawn with the first call: some runtimes allow none before. Not a secret, so
 * not worth loading the host's cryptography for, which a first call would wait for.
 */
export function nextId(): string {
  idPrefix ??= `call_${randomPart()}${randomPart()}-`
  return idPrefix + (ids++).toString(36)
}

const randomPart = (): string => Math.floor(Math.random() * 2 ** 52).toString(36)
