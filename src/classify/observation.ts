import type { HeaderBag } from '../vocabulary/header-bag.ts'

/**
 * What was seen of a failed attempt: the seam between reading an answer and saying what it means. Whoever reads makes one of these;
 * only classify.ts says what it means.
 */
export type Observation =
  /** The transport threw. */
  | {
      readonly kind: 'thrown'
      readonly error: unknown
      /** The response, where its headers had arrived. */
      readonly response?: SeenResponse | undefined
    }
  /** A response whose status is no good one: also redirects. */
  | { readonly kind: 'status'; readonly response: SeenResponse }
  /** An error object inside a 200; `json` is that object, or what carries it. */
  | {
      readonly kind: 'in_band'
      readonly response: SeenResponse
      readonly json: unknown
    }
  /** A 200 that is no complete answer; `problem` says why in words of ours, without quoting the body. */
  | {
      readonly kind: 'invalid'
      readonly problem: string
      /** `content_filter` where the model refused to give what was asked for. @defaultValue 'invalid_response' */
      readonly code?: 'invalid_response' | 'content_filter' | undefined
      readonly response: SeenResponse
      /** False where the next answer must end alike (over the size limit, cut by the token limit). */
      readonly retryable: boolean
      /** The transport's or the decoder's error beneath, where there is one. */
      readonly error?: unknown
    }

/** So many bytes of a body are shown, and read where the body is an error's. */
export const MOST_SHOWN: number = 64 * 1024

/** Whether an answer is due under a status. */
export const isGood = (status: number): boolean => status >= 200 && status < 300

/** The part of a response that classification reads. */
export interface SeenResponse {
  readonly status: number
  readonly headers: HeaderBag
  /** The body's text, or what of it had arrived; at most MOST_SHOWN of it. */
  readonly body: string
}
