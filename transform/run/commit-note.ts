/** What the commit of a whole run says of itself, where the engine keeps such things. */
import type { TransactionOptions } from './adapter.ts'
import type { NodeResult } from './result.ts'
import type { Run } from './run-dependencies.ts'

/** @param results asked for just before the commit */
export function commitOf(
  { plan, runId, origin }: Run,
  results: () => readonly NodeResult[],
): TransactionOptions {
  return {
    message: `${plan.command} ${runId}`,
    author: origin?.author,
    isBuild: true,
    extra: () => ({
      run_id: runId,
      command: plan.command,
      revision: origin?.revision,
      nodes: results().flatMap(({ id, relation, status }) =>
        relation === undefined || status !== 'success' ? [] : [id],
      ),
    }),
  }
}
