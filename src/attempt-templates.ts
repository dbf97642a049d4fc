import type { Attempt } from './attempt-record.ts'
import type { BodyControls, GoodResponse } from './body.ts'
import type { Receiver, WireRequest } from './transport/transport.ts'

// What an attempt copies for each of its objects that live as long as a call: see BLANK in open-call.ts.

export const UNADDRESSED: WireRequest = { method: 'POST', url: undefined as never, headers: {}, body: undefined }
export const UNKNOWN: GoodResponse = { status: 0, headers: {}, requestId: undefined }
export const UNRECORDED: Attempt = {
  index: 0,
  provider: '',
  model: '',
  startOffset: 0,
  duration: 0,
  delayBefore: 0,
  delayFrom: null,
  outcome: 'ok',
}
export const PASSIVE: BodyControls<never> = {
  read() {},
  silentUntil() {},
  fail() {},
  began() {},
  ping() {},
  pause() {},
  resume() {},
}
export const DEAF: Receiver = { onSent() {}, onHeaders() {}, onData() {}, onEnd() {}, onError() {} }
