/* Run in a process of its own: begins exchanges that cannot end, cancels them, and prints when; the process must then end by itself. */
import { openNodeTransports } from '../../src/transport/node.ts'

const [mode, ...urls] = process.argv.slice(2)
const transport = openNodeTransports().pick({ proxy: false })
const exchanges = urls.map((url) =>
  transport.start(
    { method: 'POST', url: new URL(url), headers: {}, body: '{}' },
    { onSent: left, onResent() {}, onHeaders() {}, onData() {}, onEnd: ended, onError: ended },
    mode === 'fresh',
  ),
)

/** The one request that can leave has left: by then the others are connecting. */
function left(): void {
  if (mode === 'idle') return
  setTimeout(() => {
    for (const exchange of exchanges) exchange.cancel(new Error('enough'))
    ended()
  }, 100)
}

function ended(): void {
  console.log(Date.now())
}
