/** What /readyz looks at. */
import type { Access } from '../access/access.ts'
import type { Pool } from '../ad-hoc/pool.ts'
import type { OptionalCheck, ReadinessChecks } from '../http/health.ts'
import type { PredictionService } from '../predictions/service.ts'
import { checkPublishedTables } from '../tables/freshness.ts'
import type { Parts } from './open-parts.ts'

export type ReadinessParts = {
  readonly parts: Pick<Parts, 'watch' | 'lake' | 'adHoc'>
  readonly schema: string
  readonly access: Pick<Access, 'checks'>
  readonly predictions: Pick<PredictionService, 'computes' | 'standing'>
}

/** The checks of what this process has. Without PostgreSQL there is no answer; everything else leaves some. */
export function readinessOf(all: ReadinessParts): ReadinessChecks {
  const { watch } = all.parts
  return {
    checks: {
      postgres: () => watch.query({ text: 'select 1::text', values: [], timeoutMs: 1000 }),
      tables: checkPublishedTables(watch, all.schema),
    },
    optionalChecks: optionalChecks(all),
  }
}

function optionalChecks({
  parts,
  access,
  predictions,
}: ReadinessParts): Readonly<Record<string, OptionalCheck>> {
  const { lake, adHoc } = parts
  return {
    ...access.checks,
    ...(lake === undefined ? {} : { lake: () => lake.check().then(() => undefined) }),
    ...(adHoc === undefined ? {} : { ad_hoc: () => checkAdHoc(adHoc.pool) }),
    ...(predictions.computes ? { predictor: async () => predictions.standing() } : {}),
  }
}

async function checkAdHoc(pool: Pool): Promise<undefined> {
  if (pool.state().pids.length === 0) throw new Error('no child runs')
}
