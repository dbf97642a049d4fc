import { earliest } from '../base/epoch.ts'
import { type Ambient, ambient, provideAmbient } from '../call/ambient.ts'

/** The part of AsyncLocalStorage that is used. */
interface Storage {
  run<T>(context: Ambient, inside: () => T): T
  getStore(): Ambient | undefined
}

interface Host {
  readonly AsyncLocalStorage?: new () => Storage
  readonly process?: {
    readonly getBuiltinModule?: (name: string) => { readonly AsyncLocalStorage: new () => Storage } | undefined
  }
}

let storage: Storage | undefined

/** Runs something in a context: every call made inside hears it, however deep, and nobody outside does. */
export function runInside<T>(context: Ambient, inside: () => T): T {
  storage ??= open()
  return storage.run(context, inside)
}

/** Looked up by name when it is first needed: an import would keep this file from the runtimes that have no such module. */
function open(): Storage {
  const { AsyncLocalStorage, process } = globalThis as Host
  const Found = AsyncLocalStorage ?? process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
  if (!Found) {
    throw new TypeError(
      'withRequest needs AsyncLocalStorage, which this runtime lacks (on Cloudflare Workers set the compatibility flag nodejs_compat): pass signal and deadline to the calls instead',
    )
  }
  const opened = new Found()
  provideAmbient(() => opened.getStore())
  return opened
}

/** The context of a request within whatever context there is already: the earliest deadline holds, every signal is heard. */
export function nested(deadline: number | undefined, signal: AbortSignal): Ambient {
  const outer = ambient()
  return {
    deadline: earliest(outer?.deadline, deadline),
    signals: [...new Set([...(outer?.signals ?? []), signal])],
  }
}
