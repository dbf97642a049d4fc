import { registerHooks } from 'node:module'

/**
 * For `node --import`: the package's own name leads to its source, so that examples and documentation run as a user writes them,
 * without a build.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const [name, entry = 'index'] = specifier.split('/')
    if (name !== 'punctual') return nextResolve(specifier, context)
    return nextResolve(new URL(`../../src/${entry}.ts`, import.meta.url).href, context)
  },
})
