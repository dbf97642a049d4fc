import { expect, it } from 'vitest'
import { missingPackages, readLockfile } from './support/lockfile.ts'

it('names the packages of every platform', () => {
  // Otherwise `npm ci` refuses it; `npm run lockfile` names them.
  expect(missingPackages(readLockfile())).toEqual([])
})
