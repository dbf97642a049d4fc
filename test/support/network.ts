import { HttpRequestInterceptor } from '@mswjs/interceptors/http'
import { defineNetwork, InterceptorSource, type NetworkApi } from 'msw/experimental'
import { afterAll, afterEach, beforeAll } from 'vitest'

/**
 * msw on the level of sockets: it sees what undici sends, which `setupServer` does not. Registers its own hooks; a request that no
 * handler takes is an error.
 */
export function mockNetwork(): NetworkApi<InterceptorSource[]> {
  const network = defineNetwork({
    sources: [new InterceptorSource({ interceptors: [new HttpRequestInterceptor()] })],
    onUnhandledFrame: 'error',
    handlers: [],
    context: { quiet: true },
  })
  beforeAll(() => network.enable())
  afterEach(() => network.resetHandlers())
  afterAll(() => network.disable())
  return network
}
