/** What a request that is being served lends to every call made while it is handled. */
export interface Ambient {
  /** Epoch milliseconds: when the answer is of no use any more. */
  readonly deadline: number | undefined
  /** Each of them ends the calls inside. */
  readonly signals: readonly AbortSignal[]
}

let read: (() => Ambient | undefined) | undefined

/**
 * The ambient context of whoever is running, if there is one. Until somebody has provided a way to look (see `provideAmbient`) this
 * is one comparison: a program that serves no requests pays nothing for it.
 */
export const ambient = (): Ambient | undefined => read?.()

/**
 * Says where to look. The core cannot do it itself: contexts that follow asynchronous work are the runtime's own matter, and edge
 * bundles must not ask for what only some runtimes have.
 */
export function provideAmbient(look: () => Ambient | undefined): void {
  read = look
}
