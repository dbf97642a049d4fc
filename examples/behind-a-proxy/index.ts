/*
 * A slow model behind a service behind a real nginx: what the user gets from an endpoint as it is usually written, and from one that
 * uses punctual. `npm run example:proxy`; it takes half a minute and needs nginx.
 */
import { LIMIT, reproduce } from './reproduce.ts'
import type { Answer } from './user.ts'

const ms = (value: number): string => `${Math.round(value)} ms`
const told = ({ status, type, milliseconds }: Answer): string =>
  `${status} ${type.split(';')[0]} after ${ms(milliseconds)}`

console.log(`nginx waits ${ms(LIMIT)} for a byte of the service; the model takes 4000 ms.\n`)
const { slow, left, silent, flowing, crowd } = await reproduce()

row('The user waits for an answer', told(slow.naive.answer), told(slow.punctual.answer))
row('… calls to the model made for it', String(slow.naive.requests), String(slow.punctual.requests))
row('… still running 0.1 s after that', String(slow.naive.busy), String(slow.punctual.busy))
row('… still running 2 s after that', String(slow.naive.busyLater), String(slow.punctual.busyLater))
row('The user leaves: calls running on', String(left.naive.busy), String(left.punctual.busy))
row('A stream with a silent start', told(silent.naive.answer), told(silent.punctual.answer))
row(
  '… complete',
  yes(silent.naive.complete),
  `${yes(silent.punctual.complete)}, ${silent.punctual.heartbeats} heartbeats`,
)
row(
  'A stream that flows for 750 ms',
  `arrives within ${ms(flowing.naive.spread)}, ${flowing.naive.answer.pieces.length} pieces`,
  `arrives within ${ms(flowing.punctual.spread)}, ${flowing.punctual.answer.pieces.length} pieces`,
)

const { calls, inFlight, statuses, healthP99, eventLoopP99 } = crowd
console.log(`\n${calls} users at once, up to ${inFlight} calls in flight, answered ${JSON.stringify(statuses)}.`)
console.log(
  `Meanwhile: /health p99 ${ms(healthP99)} through nginx, event-loop delay p99 ${eventLoopP99.toFixed(1)} ms.`,
)

function row(what: string, naive: string, punctual: string): void {
  console.log(`${what.padEnd(34)} naive    ${naive}\n${''.padEnd(34)} punctual ${punctual}`)
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no'
}
