import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeOpenAI, startFakeOpenAI } from './support/fake-openai.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

let provider: FakeOpenAI
let plain: string
let withKey: string
let refused: string

/** What the demo prints; rejects where it fails, or does not end by itself. */
async function demo(env: Readonly<Record<string, string>>): Promise<string> {
  const program = ['--disable-warning=ExperimentalWarning', '--import', './test/support/from-source.ts']
  const { stdout, stderr } = await run(process.execPath, [...program, 'examples/demo.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    timeout: 40_000,
  })
  expect(stderr).toBe('')
  return stdout
}

beforeAll(async () => {
  provider = await startFakeOpenAI()
  const environment = (status: number) => ({ OPENAI_API_KEY: 'sk-demo', OPENAI_BASE_URL: provider.baseURL(status) })
  ;[plain, withKey, refused] = await Promise.all([demo({}), demo(environment(200)), demo(environment(401))])
}, 60_000)

afterAll(() => provider.close())

/** The part of the output under the heading that holds these words. */
function scene(words: string): string {
  const parts = plain.split(/\n(?=\d+\. )/)
  return parts.find((part) => part.split('\n', 1)[0]?.includes(words)) ?? ''
}

/** The words of a scene without its drawing and its line ends. */
const words = (text: string): string => text.replaceAll(/[▒█·\s]+/g, ' ')

describe('the demo', () => {
  it('repeats a slow attempt in time', () => {
    const text = words(scene('thinks for too long'))
    expect(text).toMatch(/attempt 1 timeout \(attempt\) after \d+ ms .*attempt 2 200 ok after/)
    expect(text).toContain('✔ “Spring tides come at new and full moon')
  })

  it('waits as long as the server asked', () => {
    const text = words(scene('Retry-After'))
    expect(text).toMatch(/attempt 1 429 rate_limit .*wait 1,\d\d\d ms, as the server asked .*attempt 2 200 ok .*✔/)
  })

  it('retries a 503 by its own schedule', () => {
    const text = words(scene('503'))
    expect(text).toMatch(/503 server_error .*by our own schedule .*503 server_error .*attempt 3 200 ok .*✔/)
  })

  it('keeps what had come of a stalled answer', () => {
    const text = words(scene('stops coming'))
    expect(text).toMatch(/200 timeout \(total\) .*✘ TimeoutError: timeout: .*phase 'total' .*stopReason 'deadline'/)
    expect(text).toContain('partial.text: “Spring tides come at new and full moon”')
  })

  it('asks again for an answer cut off', () => {
    const text = words(scene('cut off'))
    expect(text).toMatch(/attempt 1 200 \w+ after .*attempt 2 200 ok .*✔/)
  })

  it('makes one attempt where the quota is exhausted', () => {
    const text = words(scene('credit is used up'))
    expect(text).toMatch(/✘ CompletionError: quota_exceeded: .*retryable false .*stopReason 'not_retryable'/)
    expect(text).not.toContain('attempt 2')
  })

  it('ends at once when the caller leaves', () => {
    const text = words(scene('caller who leaves'))
    expect(text).toMatch(/attempt 1 aborted .*✘ AbortError: .*sent true .*cause: the page was closed/)
  })

  it('tells a stalled stream from a long answer', () => {
    expect(words(scene('stream that stalls'))).toMatch(/Spring tides come at .*timeout \(idle\)/)
  })

  it('repeats a stream that dies early, unseen', () => {
    const text = words(scene('before its first token'))
    expect(text).toMatch(/\(attempt 2\) Spring tides come at new .*attempt 1 200 network .*attempt 2 200 ok .*✔/)
  })

  it('keeps what a stream had said', () => {
    const text = words(scene('dies in the middle'))
    expect(text).toMatch(/Spring tides come at new and full /)
    expect(text).not.toContain('attempt 2')
  })

  it('plays every scene and ends by itself', () => {
    expect(plain.match(/^\d+\. /gm)).toEqual(['1. ', '2. ', '3. ', '4. ', '5. ', '6. ', '7. ', '8. ', '9. ', '10. '])
    expect(plain).not.toContain('A real call')
  })

  it('is plain text outside a terminal', () => {
    expect(plain).not.toContain('\u001b')
    expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  })
})

describe('the demo with a key', () => {
  it('makes a real call first', () => {
    expect(withKey.split(/\n(?=1\. )/)[0]).toMatch(/A real call[^]*200 ok after[^]*✔ “Hello! How can I help\?”/)
    expect(withKey).toContain('7. ')
  })

  it('shows a refused key and goes on', () => {
    expect(refused.split(/\n(?=1\. )/)[0]).toMatch(/✘ CompletionError: authentication: openai answered 401/)
    expect(refused).toContain('7. ')
  })

  it('never prints the key', () => {
    expect(withKey + refused).not.toContain('sk-demo')
  })
})
