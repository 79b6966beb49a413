/** Where models are built, kept open from one build to the next as far as others can work meanwhile. */
import type { GlobalArguments } from '../options.ts'
import type { ProjectDatabase } from '../runner/project-database.ts'
import { openRunContext, type ProfileArguments, type RunContext } from '../runner/run-context.ts'

export type HeldPlace = AsyncDisposable & {
  /** @throws as `openRunContext` */
  readonly open: () => Promise<RunContext>
  /** Between builds: a file that DuckDB would keep locked is let go, so that a shell can look at it. */
  readonly rest: () => Promise<void>
  /** What decides where the place is may have changed. */
  readonly leave: () => Promise<void>
}

export function holdPlace(args: GlobalArguments & ProfileArguments): HeldPlace {
  const flags = args.threads === undefined ? {} : { duckdb: { threads: args.threads } }
  let context: RunContext | undefined
  const leave = async () => {
    const left = context
    context = undefined
    await left?.[Symbol.asyncDispose]()
  }
  return {
    open: async () => {
      context ??= await openRunContext(args, flags)
      return context
    },
    rest: async () => {
      const database = context?.database
      if (database !== undefined && isLocking(database)) await database[Symbol.asyncDispose]()
    },
    leave,
    [Symbol.asyncDispose]: leave,
  }
}

/** A lake locks nothing; what is in memory would be gone, and what is elsewhere takes long to open. */
function isLocking({ lake, target }: ProjectDatabase): boolean {
  return lake === undefined && target.path !== undefined && !/^(?::memory:|md:)/.test(target.path)
}
