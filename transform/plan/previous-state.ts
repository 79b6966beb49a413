/** Artifacts of an earlier invocation, as JSON.parse gave them. Reading the files is the caller's. */
import type { SelectableNode } from '../compile/graph.ts'
import type { JsonObject } from './json.ts'

export type PreviousState = {
  /** manifest.json of the folder of `--state`. */
  readonly manifest?: unknown
  /** run_results.json of the same folder. */
  readonly results?: unknown
  /** sources.json of the same folder. */
  readonly sources?: unknown
  /** sources.json of the target folder: what `source freshness` measured last. */
  readonly currentSources?: unknown
}

/** What a selection needs to compare the project with an earlier state of it. */
export type StateInputs = {
  readonly previous: PreviousState
  /** A node as manifest.json holds it today. */
  readonly manifestOf: (node: SelectableNode) => JsonObject
  /** Milliseconds since 1970; deprecation dates are judged by it. */
  readonly now: number
}
