/* Run in a process of its own: makes one real call and prints what it has changed in the host. */
const identities = new Map<object, number>()
const before = describe()
const { openNodeTransports } = await import('../../src/transport/node.ts')
const imported = performance.now()
const transports = openNodeTransports()
const transport = transports.pick({ proxy: 'env' })
const url = new URL(process.argv[2] as string)
await new Promise<void>((resolve, reject) => {
  transport.start(
    { method: 'POST', url, headers: {}, body: '{}' },
    { onSent() {}, onHeaders() {}, onData() {}, onEnd: resolve, onError: reject },
    false,
  )
})
const after = describe()
const changed = [...after.keys()].filter((key) => after.get(key) !== before.get(key))
const gone = [...before.keys()].filter((key) => !after.has(key))
console.log(JSON.stringify({ changed: changed.map(String), gone: gone.map(String), imported }))

/** Each own key of the global object with its descriptor, without running a getter. */
function describe(): Map<PropertyKey, string> {
  return new Map(
    Reflect.ownKeys(globalThis).map((key) => {
      const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(globalThis, key) as PropertyDescriptor
      return [key, JSON.stringify([identity(value), identity(get), identity(set), flags])]
    }),
  )
}

function identity(value: unknown): number | string {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return String(value)
  const known = (identities.get(value) as number | undefined) ?? identities.size
  identities.set(value, known)
  return known
}
