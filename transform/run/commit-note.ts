/** What a commit says of itself, where the engine keeps such things. */
import type { RunnableNode } from '../plan/plan-run.ts'
import type { TransactionOptions } from './adapter.ts'
import { writtenRelation } from './node-result.ts'
import type { NodeResult } from './result.ts'
import type { Run } from './run-dependencies.ts'

/** Of a whole run. @param results asked for just before the commit */
export function commitOf(run: Run, results: () => readonly NodeResult[]): TransactionOptions {
  const nodes = () =>
    results().flatMap(({ id, relation, status }) =>
      relation === undefined || status !== 'success' ? [] : [id],
    )
  return { ...noteOf(run, nodes), isBuild: true }
}

/** Of one node that is published by itself. */
export function commitOfNode(run: Run, node: RunnableNode): TransactionOptions {
  const nodes = writtenRelation(node) === undefined ? [] : [node.id]
  const note = noteOf(run, () => nodes)
  return { ...note, message: `${note.message}: ${node.name}` }
}

function noteOf(
  { plan, runId, origin }: Run,
  nodes: () => readonly string[],
): Pick<TransactionOptions, 'message' | 'author' | 'extra'> {
  const { command } = plan
  return {
    message: `${command} ${runId}`,
    author: origin?.author,
    extra: () => ({ run_id: runId, command, revision: origin?.revision, nodes: nodes() }),
  }
}
