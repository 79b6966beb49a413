/** What `POST /api/sql` needs of the configuration and the project. */
import { join, resolve } from 'node:path'
import type { DescribedTables } from '../../api/ad-hoc/described-tables.ts'
import type { AdHocOptions } from '../../api/ad-hoc/open-ad-hoc.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Config } from '../../core/config.ts'
import {
  predictionHistoryTable,
  predictionSchema,
  predictionTable,
} from '../../ml/score/prediction-tables.ts'
import type { Graph } from '../../transform/index.ts'
import { lakeOptionsOf } from '../context.ts'
import { openProjectGraph } from '../runner/open-project.ts'
import { personalColumnsOf } from './personal-columns.ts'
import { tableRolesOf } from './table-roles.ts'

/** How long what the project says is believed without another look. */
const freshMs = 60_000
/** How long nobody looks again at a project that cannot be read: that takes a second of everybody's. */
const brokenMs = 5_000

/** Undefined when it is switched off. @throws `config/missing-value` when the lake is not configured */
export async function adHocOptionsOf(
  config: Config,
  args: Parameters<typeof openProjectGraph>[1],
  clock: Clock = systemClock,
): Promise<AdHocOptions | undefined> {
  const { api, duckdb } = config.settings
  if (!api.ad_hoc.enabled) return undefined
  const lake = await lakeOptionsOf(config)
  // Only AWS's own chain of credentials needs an environment; it is looked through by the child.
  const usesChain = lake.s3 !== undefined && lake.s3.accessKeyId === undefined
  const environment = Object.fromEntries(
    Object.entries(processEnvironment).flatMap(([name, value]) =>
      usesChain && name.startsWith('AWS_') && value !== undefined ? [[name, value]] : [],
    ),
  )
  let known: { readonly until: number; readonly tables: Promise<DescribedTables> } | undefined
  const read = async () => {
    const { graph } = await openProjectGraph(config, args, undefined, { withMacros: false })
    return { ...describeTables(graph), ...describeScores(api.predictions.roles) }
  }
  const describedTables = () => {
    if (known === undefined || known.until < clock.now()) {
      const tables = read()
      known = { until: clock.now() + freshMs, tables }
      tables.catch(() => {
        known = { until: clock.now() + brokenMs, tables }
      })
    }
    return known.tables
  }
  const shared = duckdb.temp_directory ?? join(config.stateDir, 'tmp')
  return {
    settings: api.ad_hoc,
    lake,
    extensionDirectory: join(config.cacheDir, 'duckdb-extensions'),
    scratchDirectory: resolve(config.projectDir, shared),
    environment,
    describedTables,
  }
}

/** What `millrace ml score` writes is published with these roles, and is no model of the project. */
function describeScores(roles: readonly string[]): DescribedTables {
  if (roles.length === 0) return {}
  const tables = [predictionTable, predictionHistoryTable].map((name) => [
    `${predictionSchema}.${name}`,
    { personalColumns: [], roles: [roles] },
  ])
  return Object.fromEntries(tables)
}

function describeTables(graph: Graph): DescribedTables {
  const roles = tableRolesOf(graph)
  return Object.fromEntries(
    Object.entries(personalColumnsOf(graph)).map(([table, personalColumns]) => [
      table,
      { personalColumns, roles: roles[table] ?? [] },
    ]),
  )
}
