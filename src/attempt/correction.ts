import type { Call } from '../call/call.ts'
import { adopted } from '../call/failure.ts'
import { prepare } from '../call/prepare.ts'
import { type Correction, corrected } from '../request/output.ts'
import { isCompletionError } from '../vocabulary/errors.ts'
import type { Provider } from '../vocabulary/provider.ts'

/** The correction that the latest attempt asks for; each is taken once. */
export function takeCorrection(call: Call): Correction | undefined {
  const { correction } = call
  call.correction = undefined
  return correction
}

/** Puts the correction into the conversation that the next attempt sends. */
export function askAgain(call: Call, { message, issues }: Correction): void {
  call.request = { ...call.request, messages: corrected(call.request.messages, message, issues) }
  try {
    // Only what a provider has prepared is held against a schema.
    call.wire = prepare(call.provider as Provider, call.request)
  } catch (error) {
    throw isCompletionError(error) ? adopted(call, error) : error
  }
}
