/** Where models are built, kept open from one build to the next as far as others can work meanwhile. */
import type { GlobalArguments } from '../options.ts'
import type { ProjectDatabase } from '../runner/project-database.ts'
import { openRunContext, type ProfileArguments, type RunContext } from '../runner/run-context.ts'

export type HeldPlace = AsyncDisposable & {
  /** @returns with it whether it is another place than before @throws as `openRunContext` */
  readonly open: () => Promise<OpenPlace>
  /** Begins to open the database; who asks for it later hears what kept it from opening. */
  readonly warm: () => void
  /** Between builds: a file that DuckDB would keep locked is let go, so that a shell can look at it. */
  readonly rest: () => Promise<void>
  /** What decides where the place is may have changed. */
  readonly leave: () => Promise<void>
}

type OpenPlace = Pick<RunContext, 'config' | 'database'> & { readonly isNew: boolean }

export function holdPlace(args: GlobalArguments & ProfileArguments): HeldPlace {
  const flags = args.threads === undefined ? {} : { duckdb: { threads: args.threads } }
  let context: RunContext | undefined
  let known: unknown
  const leave = async () => {
    const left = context
    context = undefined
    await left?.[Symbol.asyncDispose]()
  }
  return {
    open: async () => {
      context ??= await openRunContext(args, flags)
      const { config, database } = context
      const identity = identityOf(context)
      const isNew = identity !== known
      known = identity
      return { config, database, isNew }
    },
    warm: () => {
      context?.database.open().catch(() => {})
    },
    rest: async () => {
      const database = context?.database
      if (database !== undefined && isLocking(database)) await database[Symbol.asyncDispose]()
    },
    leave,
    [Symbol.asyncDispose]: leave,
  }
}

/** What is in memory is another database each time it is opened. */
function identityOf(context: RunContext): unknown {
  const { config, database } = context
  const { path } = database.target
  if (path === ':memory:') return context
  return JSON.stringify([path ?? null, database.lake === undefined ? null : config.settings.lake])
}

/** A lake locks nothing; what is in memory would be gone, and what is elsewhere takes long to open. */
function isLocking({ lake, target }: ProjectDatabase): boolean {
  return lake === undefined && target.path !== undefined && !/^(?::memory:|md:)/.test(target.path)
}
