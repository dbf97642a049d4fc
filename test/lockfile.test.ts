import { expect, it } from 'vitest'
import { INSTALLED, missingPackages, readLockfile } from './support/lockfile.ts'

it.each(INSTALLED)('names the packages of every platform in %s', (folder) => {
  // Otherwise `npm ci` refuses it; `npm run lockfile` names them.
  expect(missingPackages(readLockfile(folder))).toEqual([])
})
