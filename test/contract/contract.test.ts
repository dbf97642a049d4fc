import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedStranger, type Stranger } from '../support/tarball.ts'
import { compileCases } from './bundlers.ts'
import { CASES } from './cases.ts'
import { type Device, DEVICES, missing, RUNTIMES } from './devices.ts'
import type { Results } from './run-cases.ts'
import { type ContractServer, startContractServer } from './server.ts'

const bare = !existsSync(join(RUNTIMES, 'node_modules'))
if (bare) console.log('skipped: no runtimes are installed; `npm ci --prefix test/runtimes` installs them')

let server: ContractServer
let stranger: Stranger
beforeAll(async () => {
  if (bare) return
  server = await startContractServer()
  stranger = packedStranger()
  await compileCases(stranger.folder)
})
afterAll(async () => {
  stranger?.remove()
  await server?.close()
})

describe.skipIf(bare).each(DEVICES.map((device) => [device.name, device] as const))('%s', (name, device) => {
  const absent = missing(device)
  if (absent.length > 0) console.log(`skipped: ${name} is not installed (${absent.join(', ')})`)
  let results: Results = []
  beforeAll(async () => {
    if (absent.length === 0) results = await runOn(device, mkdtempSync(join(stranger.folder, 'device-')))
  })

  it.skipIf(absent.length > 0).each(CASES.map((each) => each.name))('%s', (title) => {
    expect(results.find(([found]) => found === title)?.[1]).toBe(null)
  })
})

/** Runs the cases in a process of their own, which must end by itself. */
async function runOn(device: Device, folder: string): Promise<Results> {
  const { files, command, prepare } = device.start(server.origin, server.refused)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  await prepare?.(folder)
  const [program = '', ...rest] = command
  // Nothing of this machine's: a key in the environment would be taken for the caller's.
  const env = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' }
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(program, rest, { cwd: folder, env, timeout: 120_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${device.name}: ${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout)
    })
  })
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Results
}
