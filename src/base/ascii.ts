/** JSON in ASCII alone, as Python writes it by default and as a header can hold it. */
export function asciiJson(json: string): string {
  return json.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
