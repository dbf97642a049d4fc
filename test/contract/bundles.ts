import { bundle } from './bundlers.ts'
import { type Device, imported, installed, required } from './device.ts'

/** Takes from bodies what Safari's have not: they cannot be iterated, only read. */
const SAFARI = `
  const { [Symbol.asyncIterator]: _, values: __, ...rest } = Object.getOwnPropertyDescriptors(ReadableStream.prototype)
  const bare = Object.create(Object.prototype, rest)
  const { get } = Object.getOwnPropertyDescriptor(Response.prototype, 'body')
  Object.defineProperty(Response.prototype, 'body', {
    get() {
      const body = get.call(this)
      return body && Object.setPrototypeOf(body, bare)
    },
  })`

/** Bundles, run by Node; those of the edge build too, which needs nothing but web APIs. */
export function bundles(): readonly Device[] {
  const node = (file: string): readonly string[] => [process.execPath, file]
  return [
    {
      name: 'esbuild for Node in ESM',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'esbuild for Node in CommonJS',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for Node from CommonJS',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': required(program) },
        prepare: (folder) => bundle('esbuild', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'esbuild for browsers',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'streams that cannot be iterated',
      needs: [installed('esbuild')],
      start: (program) => ({
        files: {
          'main.mjs': imported(program),
          'safari.cjs': SAFARI,
        },
        prepare: (folder) => bundle('esbuild', folder, { conditions: ['browser'] }),
        command: [process.execPath, '--require=./safari.cjs', 'bundle.mjs'],
      }),
    },
    {
      name: 'Rollup for Node',
      needs: [installed('rollup')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('rollup', folder, { platform: 'node' }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'Rollup for browsers',
      needs: [installed('rollup')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('rollup', folder, { conditions: ['browser'] }),
        command: node('bundle.mjs'),
      }),
    },
    {
      name: 'webpack for Node',
      needs: [installed('webpack')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('webpack', folder, { platform: 'node', format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
    {
      name: 'webpack for browsers',
      needs: [installed('webpack')],
      start: (program) => ({
        files: { 'main.mjs': imported(program) },
        prepare: (folder) => bundle('webpack', folder, { format: 'cjs' }),
        command: node('bundle.cjs'),
      }),
    },
  ]
}
