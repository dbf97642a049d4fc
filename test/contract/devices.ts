import { bundles } from './bundles.ts'
import { type Device, installed } from './device.ts'
import { chromium, edgeRuntime, jest, nodes, others, workerd } from './runtimes.ts'

/** Everything that the contract is tried on, the Node of the toolchain first. */
export const DEVICES: readonly Device[] = [
  ...nodes('Node 24', process.execPath),
  ...nodes('Node 22.19', installed('node22/bin/node')),
  ...nodes('Node 26', installed('node26/bin/node')),
  ...others(),
  workerd('workerd', []),
  workerd('workerd with nodejs_compat', ['nodejs_compat']),
  edgeRuntime,
  chromium,
  jest('Jest'),
  jest('Jest with the browser build', ['browser', 'require', 'default']),
  ...bundles(),
]
