import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Device, missing, type Program } from './device.ts'

/** Runs a program in a process of its own, which must end by itself, and returns its results. */
export async function runOn(device: Device, project: string, program: Program): Promise<unknown> {
  const folder = mkdtempSync(join(project, 'device-'))
  const { files, command, prepare } = device.start(program)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  await prepare?.(folder)
  const [binary = '', ...rest] = command
  // Nothing of this machine's: a key in the environment would be taken for the caller's.
  const env = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' }
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(binary, rest, { cwd: folder, env, timeout: 120_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${device.name}: ${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout)
    })
  })
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '')
}

/** Whether a device is not here, which is said with the reason. */
export function isAbsent(device: Device): boolean {
  const absent = missing(device)
  if (absent.length > 0) {
    const { name, installedBy = 'npm ci --prefix test/runtimes' } = device
    const what = `skipped: ${name} is not installed; \`${installedBy}\` installs it`
    console.log(`${what} (${absent.join(', ')})`)
  }
  return absent.length > 0
}
