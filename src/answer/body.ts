import type { Correction } from '../request/output.ts'
import type { HeaderBag } from '../vocabulary/header-bag.ts'
import type { Answer } from '../vocabulary/provider.ts'
import type { PartialAnswer, Usage } from '../vocabulary/result.ts'

/** The response whose body a BodyReader reads. */
export interface GoodResponse {
  readonly status: number
  readonly headers: HeaderBag
  /** Under which the provider's support finds it; undefined too where it would show a credential. */
  readonly requestId: string | undefined
}

/** An answer, and the document it was read from where it was one. */
export interface WholeAnswer {
  readonly answer: Answer
  readonly raw: unknown
}

/** What became of a body. */
export type BodyOutcome =
  | { readonly kind: 'whole'; readonly value: WholeAnswer; readonly usage: Usage | undefined }
  | { readonly kind: 'in_band'; readonly json: unknown }
  | { readonly kind: 'invalid'; readonly problem: string; readonly retryable: boolean }

/** What a whole body means for the call: what it was asked for, or not. */
export type Conclusion<U> =
  | { readonly kind: 'fits'; readonly value: U }
  | {
      readonly kind: 'misfit'
      readonly problem: string
      readonly retryable: boolean
      readonly code: 'invalid_response' | 'content_filter'
      readonly partial: PartialAnswer | undefined
      readonly error: unknown
      /** What the model is to be told in the next attempt. */
      readonly correction: Correction | undefined
    }

/** Reads the body of a good response as it arrives; answers as soon as it knows. */
export interface BodyReader {
  data(chunk: Uint8Array): BodyOutcome | undefined
  /** The body is over; undefined where what has arrived is still to be read, at somebody else's pace. */
  end(): BodyOutcome | undefined
  /** The transport failed; true where the failure is to be known only when what has arrived has been read. */
  failed?(error: unknown): boolean
  /** What the body is worth where nothing more of it may come; undefined where that is nothing. */
  proven?(): BodyOutcome | undefined
  /** When silence will have lasted too long, on the call's clock. */
  idleDue?(limit: number): number
  /** What has been understood so far. */
  partial(): PartialAnswer | undefined
  /** What has arrived so far, as text, for the error. */
  text(): string
}

/** What a BodyReader may do to its attempt. */
export interface BodyControls {
  /** Reads on outside of `data` and `end`; an outcome ends the attempt. */
  read(step: () => BodyOutcome | undefined): void
  /** The failure that `failed` has put off. */
  fail(error: unknown): void
  /** The first content has arrived. */
  began(): void
  /** Silence is looked at again at this time of the clock. */
  silentUntil(due: number): void
  /** The provider is alive but sends no content. */
  ping(): void
  pause(): void
  resume(): void
}

/** Unread bytes of a body beyond which the transport is told to wait. */
export const HIGH_WATER: number = 128 * 1024
