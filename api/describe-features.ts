/** What all features of this process say of their routes. */

import { describeAdHoc } from './ad-hoc/describe.ts'
import type { AdHocService } from './ad-hoc/routes.ts'
import { describeCare } from './openapi/describe-care.ts'
import type { OpenApiPaths } from './openapi/paths.ts'
import { describePredictions } from './predictions/describe.ts'
import type { PredictionService } from './predictions/service.ts'
import { describeSqlEndpoints } from './sql-endpoint/describe.ts'
import type { EndpointService } from './sql-endpoint/service.ts'
import { describeTables } from './tables/describe.ts'

type Described = {
  readonly sql: Pick<EndpointService, 'endpoints'>
  readonly predictions?: Pick<PredictionService, 'computes' | 'roles'> | undefined
  readonly adHoc?: Pick<AdHocService, 'schemas' | 'roles'> | undefined
  readonly metricsRoles?: readonly string[]
}

/** A reader that gives the same object as long as nothing is served anew or learned of an endpoint. */
export function describeFeatures(dependencies: Described): () => readonly OpenApiPaths[] {
  let seen: readonly unknown[] = []
  let features: readonly OpenApiPaths[] | undefined
  return () => {
    const { endpoints } = dependencies.sql
    const now = endpoints.flatMap((served) => [served.endpoint, served.known()])
    const isSame = now.length === seen.length && now.every((one, index) => one === seen[index])
    if (features !== undefined && isSame) return features
    seen = now
    features = describe(dependencies)
    return features
  }
}

function describe({ sql, adHoc, predictions, metricsRoles }: Described): OpenApiPaths[] {
  const endpoints = sql.endpoints.map(({ endpoint, known }) => {
    const checked = known()
    return { endpoint, columns: checked?.facts.columns, tableRoles: checked?.tableRoles }
  })
  return [
    describeSqlEndpoints(endpoints),
    describeTables(),
    ...(predictions === undefined
      ? []
      : [forRoles(predictions.roles, describePredictions(predictions.computes))]),
    ...(adHoc === undefined ? [] : [forRoles(adHoc.roles, describeAdHoc(adHoc.schemas))]),
    describeCare(metricsRoles ?? []),
  ]
}

/** Whoever has none of the roles does not see the operations. */
function forRoles(roles: readonly string[], paths: OpenApiPaths): OpenApiPaths {
  const entries = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).map(([method, one]) => [method, { ...one, roles }])
    return [path, Object.fromEntries(operations)]
  })
  return Object.fromEntries(entries)
}
