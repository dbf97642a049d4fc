import { afterAll, beforeAll } from 'vitest'
import { describeEndpoint } from './endpoint.ts'
import { buildNextApp, type NextApp, noNextApp } from './next-app.ts'

const missing = noNextApp()
if (missing) console.log(`skipped: ${missing}`)

let app: NextApp
beforeAll(async () => {
  if (!missing) app = await buildNextApp()
}, 150_000)
afterAll(() => app?.remove())

describeEndpoint('Next.js', () => app.serve('nodejs'), { absent: missing !== undefined })
describeEndpoint("Next.js' edge runtime", () => app.serve('edge'), { absent: missing !== undefined })
