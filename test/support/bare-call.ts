/*
 * Run in a process of its own: makes one real call where a URL is given, and prints what the global object is like.
 * The keys come first, for reading a descriptor makes Node load what stands behind it, its own undici among it.
 */
const [url] = process.argv.slice(2)
const before = Reflect.ownKeys(globalThis).map(String)
// With NODE_USE_ENV_PROXY Node has read it by now; what goes through it from here on goes through Node's own dispatcher.
delete process.env['HTTP_PROXY']
if (url !== undefined) {
  const { complete, openaiCompatible } = await import('../../src/index.ts')
  const model = openaiCompatible({ name: 'local', baseURL: url, apiKey: 'key' })('m')
  await complete({ model, messages: [{ role: 'user', content: 'Hello' }] }, { retry: 0 })
}
const after = Reflect.ownKeys(globalThis).map(String)
console.log(JSON.stringify({ before, after, descriptors: Reflect.ownKeys(globalThis).map(describe) }))

function describe(key: PropertyKey): string {
  const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(globalThis, key) as PropertyDescriptor
  return [String(key), kind(value), kind(get), kind(set), JSON.stringify(flags)].join(' ')
}

function kind(value: unknown): string {
  return typeof value === 'function' ? `${value.name} ${value.toString().length}` : typeof value
}
