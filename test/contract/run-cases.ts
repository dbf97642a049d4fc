import { CASES } from './cases.ts'
import type { Scenario } from './scenarios.ts'
import type { Trial } from './trial.ts'

/** One line per case: its name, and why it failed or null. */
export type Results = readonly (readonly [name: string, failure: string | null])[]

/** A case that hangs is a failed one, and its runtime still reports the others. */
const PATIENCE = 15_000

/** Runs every case against the server, one by one, inside the runtime that is tried. */
export async function runCases(
  packages: Pick<Trial, 'library' | 'fetch' | 'server'>,
  origin: string,
  refused: string,
): Promise<Results> {
  const results: [string, string | null][] = []
  for (const { name, run } of CASES) {
    // A run's own, so that several runtimes may be tried at the same time.
    const id = crypto.randomUUID()
    const url = (scenario: Scenario): string => `${origin}/${encodeURIComponent(scenario)}/${id}/v1`
    const seen = async (gone?: 'gone'): Promise<{ requests: number; open: number }> => {
      const response = await fetch(`${origin}/seen${gone ? '-gone' : ''}/${id}`)
      return (await response.json()) as { requests: number; open: number }
    }
    const cut = async (): Promise<void> => void (await (await fetch(`${origin}/cut/${id}`)).text())
    let timer: ReturnType<typeof setTimeout> | undefined
    const patience = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('it hangs')), PATIENCE)
    })
    try {
      await Promise.race([run({ ...packages, url, seen, cut, refused }), patience])
      results.push([name, null])
    } catch (error) {
      results.push([name, describe(error)])
    } finally {
      clearTimeout(timer)
    }
  }
  return results
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\nbecause of ${error.cause.message}` : own
}
