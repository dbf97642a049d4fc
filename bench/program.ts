import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Runs a program of this folder in a fresh process and gives what it reports. */
export async function run<Report>(file: string, { flags = [], input = [] }: RunOptions = {}): Promise<Report> {
  const child = fork(path(file), input.map(String), {
    execArgv: [...flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code} before it reported`)
  })
  const [report] = (await Promise.race([once(child, 'message'), ended])) as [Report]
  ended.catch(() => undefined)
  child.disconnect()
  return report
}

export interface RunOptions {
  readonly flags?: readonly string[]
  readonly input?: readonly (string | number)[]
}

/** A server in a process of its own. */
export interface Server {
  readonly ports: readonly number[]
  close(): void
}

export async function startServer(): Promise<Server> {
  const child = fork(path('server.ts'), { execArgv: [] })
  const [ports] = (await once(child, 'message')) as [number[]]
  return {
    ports,
    close() {
      child.disconnect()
    },
  }
}

/** The frame of a program that measures: it gets a server, reports what it found, and ends. */
export async function measured<Report>(measure: (ports: readonly number[]) => Promise<Report>): Promise<void> {
  const server = await startServer()
  const report = await measure(server.ports)
  server.close()
  if (process.send) process.send(report, () => process.exit())
  else console.log(report)
}
