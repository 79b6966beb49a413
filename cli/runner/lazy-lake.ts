/** A lake that is opened by the first who needs it; most commands that compile never do. */
import type { Lake } from '../../core/clients/lake.ts'
import type { Config } from '../../core/config.ts'
import { openConfiguredLake } from '../context.ts'

export type LazyLake = AsyncDisposable & { readonly open: () => Promise<Lake> }

export function lazyLake(config: Config): LazyLake {
  let opened: Promise<Lake> | undefined
  return {
    open: () => {
      opened ??= openConfiguredLake(config)
      return opened
    },
    // A lake that could not be opened has been reported to whoever asked for it.
    [Symbol.asyncDispose]: async () => {
      const lake = await opened?.catch(() => undefined)
      await lake?.[Symbol.asyncDispose]()
    },
  }
}
