import type { Size } from './workload.ts'

/** One way to make the call. */
export interface Contender {
  readonly name: string
  /** Makes one call and gives the length of the answer's text. */
  call(size: Size): Promise<number>
  /** Closes every connection. */
  close(): Promise<void>
}

/** Opens a contender against the server on a port. */
export type OpenContender = (port: number) => Contender
