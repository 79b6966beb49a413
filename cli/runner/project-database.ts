/** Where the models of a project are built: the lake of millrace.yml, or the database of a dbt profile. */

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Duckdb } from '../../core/clients/duckdb.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import type { Secret } from '../../core/secret.ts'
import type { Adapter, DuckdbProfile, Plan, PublishMode, Target } from '../../transform/index.ts'
import { type LazyLake, lazyLake } from './lazy-lake.ts'
import { writtenCatalogs } from './publish-mode.ts'

/** Opened by the first who needs it; most commands that compile never do. */
export type ProjectDatabase = AsyncDisposable & {
  /** `target` of templates. */
  readonly target: Target
  /** Folder or URL of files whose models say no location; undefined where nobody says it. */
  readonly externalRoot?: string | undefined
  /** Undefined where a profile names another database: landing and publishing are of the lake. */
  readonly lake: LazyLake | undefined
  /** Opens it now. @throws what keeps it from opening, each time it is asked */
  open(): Promise<unknown>
  /** Begins to open it, which takes a while; `open` says what came of it. What nobody opens then leaves no file. */
  begin(): void
  /**
   * After the last write: begins what closing takes long for, while other things are done.
   * @returns once it is under way, what ends with it; neither fails
   */
  settle(): Promise<{ readonly ended: Promise<void> }>
  /** Runs work on a connection of its own, which sees what templates may see. */
  read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>
  /** Secrets of a profile, which no log may show. */
  readonly hidden: readonly Secret[]
  /** Nodes that may run at once. */
  readonly threads: number
  /** What runs a plan, published as it is asked for where that can be. */
  adapterFor(plan: Pick<Plan, 'stages'>, asked?: PublishMode): Promise<Adapter>
}

/**
 * Transactions of a DuckLake that write at once in one process read each other's freed memory (DuckLake 1.0, with any
 * catalog): now and then the process dies of SIGSEGV in the commit, or the commit names a schema that never was.
 */
const lakeThreads = 1

export function lakeDatabase(config: Config): ProjectDatabase {
  const lake = lazyLake(config)
  return {
    target: {
      name: config.target,
      database: 'lake',
      schema: 'main',
      type: 'duckdb',
      threads: config.settings.duckdb.threads ?? 1,
    },
    threads: lakeThreads,
    hidden: [],
    lake,
    open: lake.open,
    begin: () => {},
    settle: async () => ({ ended: Promise.resolve() }),
    read: async (work) => (await lake.open()).read(work),
    adapterFor: async (_, asked = 'atomic') => {
      const { ducklakeAdapter } = await import('../../transform/index.ts')
      return { ...ducklakeAdapter(await lake.open()), publish: asked }
    },
    [Symbol.asyncDispose]: () => lake[Symbol.asyncDispose](),
  }
}

/** Of millrace.yml only the folder of extensions and the memory limit count here. */
export function profileDatabase(config: Config, profile: DuckdbProfile): ProjectDatabase {
  const { name, target, database, schema, threads, path, hidden, isDucklake } = profile
  let opened: Promise<Duckdb> | undefined
  let madeAhead: string | undefined
  const begun = () => {
    opened ??= openDatabase(config, profile)
    return opened
  }
  const open = () => {
    madeAhead = undefined
    return begun()
  }
  return {
    target: {
      name: target,
      profileName: name,
      type: 'duckdb',
      database,
      schema,
      threads,
      path,
      connection: connectionOf(profile),
    },
    externalRoot: profile.externalRoot,
    threads: isDucklake ? lakeThreads : threads,
    hidden,
    lake: undefined,
    open,
    begin: () => {
      const isThere = existsSync(path)
      // More than a file would be left of a lake.
      if (isDucklake && !isThere) return
      if (!isThere) madeAhead = path
      begun().catch(() => {})
    },
    settle: async () => {
      const duckdb = await opened?.catch(() => undefined)
      if (duckdb === undefined || !existsSync(path)) return { ended: Promise.resolve() }
      return await duckdb.beginCheckpoint()
    },
    read: async (work) => {
      const duckdb = await open()
      const { withoutHidden } = await import('../../transform/index.ts')
      return await duckdb.withConnection(work).catch((error: unknown) => {
        throw withoutHidden(error, hidden)
      })
    },
    adapterFor: async (plan, asked) => {
      const { duckdbAdapter } = await import('../../transform/index.ts')
      const catalogs = writtenCatalogs(plan)
      const apart = catalogs.length > 1
      if (apart && asked !== 'per-node') {
        process.stderr.write(
          `note: models go to the databases ${catalogs.join(', ')}; DuckDB writes to one in a transaction, so each node is committed by itself.\n`,
        )
      }
      return duckdbAdapter(await open(), database, {
        keepsHistory: false,
        publish: apart ? 'per-node' : (asked ?? usualMode(profile)),
        isDucklake,
        hidden,
      })
    },
    // A database that could not be opened has been reported to whoever asked for it. Who asks again opens it again.
    [Symbol.asyncDispose]: async () => {
      const duckdb = await opened?.catch(() => undefined)
      opened = undefined
      // Before it is closed: as long as it is open nobody else is in it.
      if (madeAhead !== undefined) rmSync(madeAhead, { force: true })
      duckdb?.close()
    },
  }
}

/** Without what a profile attaches, whose paths may hold secrets. */
function connectionOf(profile: DuckdbProfile) {
  const { configOptions, settings, extensions, disableTransactions } = profile
  const isSaid = Object.keys(configOptions).length > 0
  return {
    config_options: isSaid ? configOptions : null,
    extensions: extensions.length === 0 ? null : extensions.map(({ name }) => name),
    settings,
    disable_transactions: disableTransactions,
  }
}

async function openDatabase(config: Config, profile: DuckdbProfile): Promise<Duckdb> {
  const { openProfile } = await import('../../transform/index.ts')
  return await openProfile(profile, {
    extensionDirectory: join(config.cacheDir, 'duckdb-extensions'),
    memoryLimit: config.settings.duckdb.memory_limit,
    maxTempSize: config.settings.duckdb.max_temp_size,
    clock: systemClock,
  })
}

/** dbt's way on a plain file, where readers are kept out during a run anyway. */
function usualMode({ isDucklake, disableTransactions }: DuckdbProfile): PublishMode {
  return isDucklake && !disableTransactions ? 'atomic' : 'per-node'
}
