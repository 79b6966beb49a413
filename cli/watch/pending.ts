/** What has to be built: what edits have touched, and what did not come out when it was built last. */
import {
  findTouched,
  type Graph,
  type GraphNode,
  type ParsedState,
  type RunResult,
} from '../../transform/index.ts'

export type Pending = {
  /** Id → why. */
  readonly reasons: ReadonlyMap<string, string>
  /** Takes what a parse has found in the place of the one before. @returns what is no longer there */
  readonly parsed: (state: ParsedState, edited: ReadonlySet<string>) => readonly GraphNode[]
  /** Leaves out what is not in the plan: sources, ephemeral models, what was not selected. */
  readonly narrow: (ids: ReadonlySet<string>) => void
  /** More to build, by reason. */
  readonly add: (reasons: Iterable<readonly [string, string]>) => void
  /** Everything is to be built. */
  readonly addAll: (graph: Graph) => void
  /** What came out is done; what failed, or was rolled back with what failed, is tried again at the next edit. */
  readonly built: (result: RunResult) => void
}

const tryAgain = 'it has not succeeded yet'

export function openPending(): Pending {
  const reasons = new Map<string, string>()
  let before: ParsedState | undefined
  return {
    reasons,
    parsed: (state, edited) => {
      const { graph } = state
      const known = before
      before = state
      if (known === undefined) return []
      const touched = findTouched(known, state, (path) => edited.has(path))
      for (const id of reasons.keys()) {
        if (graph.nodes.has(id) || graph.unitTests.has(id)) reasons.set(id, tryAgain)
        else reasons.delete(id)
      }
      for (const [id, reason] of touched.reasons) reasons.set(id, reason)
      return touched.gone
    },
    narrow: (ids) => {
      for (const id of reasons.keys()) if (!ids.has(id)) reasons.delete(id)
    },
    add: (more) => {
      for (const [id, reason] of more) reasons.set(id, reason)
    },
    addAll: ({ nodes, unitTests }) => {
      for (const id of [...nodes.keys(), ...unitTests.keys()]) reasons.set(id, tryAgain)
    },
    built: ({ outcome, publish, results }) => {
      // Nothing of it is there, so tests that passed have passed for nothing.
      if (outcome !== 'committed' && publish === 'atomic') return
      for (const { id, status } of results) {
        if (status === 'success' || status === 'pass' || status === 'warn') reasons.delete(id)
      }
    },
  }
}
