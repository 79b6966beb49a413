/** sources.json v3: how fresh each source was found to be. */

import type { Timing } from '../run/result.ts'
import { type JsonObject, orNull } from './json.ts'
import { artifactMetadata, type Invocation } from './metadata.ts'

export type FreshnessResult =
  | {
      readonly id: string
      readonly status: 'pass' | 'warn' | 'error'
      /** ISO 8601, UTC. */
      readonly maxLoadedAt: string
      /** When it was looked up. */
      readonly checkedAt: string
      readonly ageSeconds: number
      /** Thresholds as the manifest holds them: `warn_after`, `error_after`, `filter`. */
      readonly criteria: JsonObject
      readonly timing: readonly Timing[]
      readonly thread: string
      readonly elapsedMs: number
    }
  /** The question itself failed. */
  | { readonly id: string; readonly status: 'runtime error'; readonly error: string }

export type SourcesInputs = { readonly invocation: Invocation; readonly elapsedMs: number }

export function sourcesArtifactOf(
  results: readonly FreshnessResult[],
  { invocation, elapsedMs }: SourcesInputs,
): JsonObject {
  return {
    metadata: artifactMetadata('sources', invocation),
    results: results.map(resultJson),
    elapsed_time: elapsedMs / 1_000,
  }
}

function resultJson(result: FreshnessResult): JsonObject {
  const { id: unique_id, status } = result
  if (status === 'runtime error') return { unique_id, error: result.error, status }
  const { criteria, timing } = result
  return {
    unique_id,
    max_loaded_at: result.maxLoadedAt,
    snapshotted_at: result.checkedAt,
    max_loaded_at_time_ago_in_s: result.ageSeconds,
    status,
    criteria: {
      warn_after: orNull(criteria['warn_after']),
      error_after: orNull(criteria['error_after']),
      filter: orNull(criteria['filter']),
    },
    adapter_response: {},
    timing: timing.map(({ name, startedAt, completedAt }) => ({
      name,
      started_at: startedAt,
      completed_at: completedAt,
    })),
    thread_id: result.thread,
    execution_time: result.elapsedMs / 1_000,
  }
}
