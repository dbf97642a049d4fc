import { ANSWERS } from './cases/answers.ts'
import { FAILURES } from './cases/failures.ts'
import { FETCHING } from './cases/fetching.ts'
import { LEAVING } from './cases/leaving.ts'
import { PROGRAMS } from './cases/programs.ts'
import { SERVICES } from './cases/services.ts'
import { STREAMS } from './cases/streams.ts'
import type { Case } from './trial.ts'

/**
 * The behaviour that every runtime and every build must show alike, over real sockets. Plain web APIs and the package's public names
 * only: nothing here may be more than the runtimes have.
 */
export const CASES: readonly Case[] = [
  ...ANSWERS,
  ...FAILURES,
  ...LEAVING,
  ...STREAMS,
  ...PROGRAMS,
  ...SERVICES,
  ...FETCHING,
]
