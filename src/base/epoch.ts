/** A Date, of whichever realm, or a number as epoch milliseconds; undefined where it is neither. */
export function epochOf(value: unknown): number | undefined {
  const epoch = typeof value === 'object' && value !== null && 'getTime' in value ? (value as Date).getTime() : value
  return typeof epoch === 'number' && !Number.isNaN(epoch) ? epoch : undefined
}

/** The one that comes first; undefined is never. */
export const earliest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : Math.min(one, other ?? Infinity)
