/** The head of every artifact: which format, written by whom and when. */
import { dbtVersion } from '../../core/dbt-version.ts'
import type { JsonObject } from './json.ts'

/** One call of the command line. */
export type Invocation = {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly generatedAt: string
  /** `DBT_ENV_CUSTOM_ENV_*` by what follows the prefix. */
  readonly environment: Readonly<Record<string, string>>
}

export type ArtifactKind = 'manifest' | 'catalog' | 'run-results' | 'sources'

const versions = { manifest: 12, catalog: 1, 'run-results': 6, sources: 3 } as const

export function artifactMetadata(kind: ArtifactKind, invocation: Invocation): JsonObject {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${kind}/v${versions[kind]}.json`,
    dbt_version: dbtVersion,
    generated_at: invocation.generatedAt,
    invocation_id: invocation.id,
    invocation_started_at: invocation.startedAt,
    env: invocation.environment,
  }
}
