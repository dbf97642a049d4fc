import type { ImagePart } from '../vocabulary/message.ts'

/** Base64 of bytes, or base64 text as it is. Runtimes without `toBase64` go through a binary string, in slices that fit the stack. */
export function base64(data: Uint8Array | string): string {
  if (typeof data === 'string') return data
  const native = data as Uint8Array & { toBase64?: () => string }
  if (native.toBase64) return native.toBase64()
  let binary = ''
  for (let at = 0; at < data.length; at += 8192) binary += String.fromCharCode(...data.subarray(at, at + 8192))
  return btoa(binary)
}

/** How the formats that every vision model takes begin, as base64. */
const SIGNATURES = { iVBOR: 'image/png', '/9j/': 'image/jpeg', R0lG: 'image/gif', UklG: 'image/webp' }

/** The media type that an image's first bytes tell. */
export function imageType(encoded: string): string | undefined {
  for (const [start, type] of Object.entries(SIGNATURES)) if (encoded.startsWith(start)) return type
  return undefined
}

/** The bytes of base64 text, or bytes as they are. */
export function bytes(data: Uint8Array | string): Uint8Array {
  if (typeof data !== 'string') return data
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
  } catch {
    throw new TypeError('data must be a Uint8Array or base64 text')
  }
}

/** What a data URL holds, as base64; undefined for any other URL. */
export function inlineData(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  return mediaType === undefined || data === undefined ? undefined : { mediaType, data }
}

/** The URL of an image: its own, or a data URL. */
export function imageURL(part: ImagePart): string {
  if (part.url !== undefined) return part.url
  const { data, mediaType } = imageData(part)
  return `data:${mediaType};base64,${data}`
}

/** An image's bytes as base64, with the media type that is given or that they tell. */
export function imageData(part: ImagePart): { data: string; mediaType: string } {
  if (part.data === undefined) throw new TypeError('an image part needs url or data')
  const data = base64(part.data)
  const mediaType = part.mediaType ?? imageType(data)
  if (!mediaType) throw new TypeError("an image part of this format needs mediaType, such as 'image/png'")
  return { data, mediaType }
}
