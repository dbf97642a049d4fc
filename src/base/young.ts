/**
 * Spread at the head of a literal: `{ ...YOUNG, answer }` is `{ answer }`, born as a copy. V8 watches what becomes of what a literal
 * makes; where most of that is alive when it looks, as the results of many calls at once are, it puts all later ones straight among
 * the old, and a dead old object keeps what it refers to, a whole answer, until the next full collection. A copy has no such place of
 * birth. Without it the collector's share of a call is twice as large (see `bench/`, 64 calls at a time).
 */
export const YOUNG: object = {}
