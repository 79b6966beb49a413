/** Exposures and saved queries of a build: nothing is made of them, and results tell whether what they read is there. */
import type { NoOp } from '../plan/plan-run.ts'
import { isFailure, type NodeResult, type NoOpResult } from './result.ts'

/** @param results of the run; what a no-op waits for and is not among them holds nothing back */
export function noOpResults(noOps: readonly NoOp[], results: readonly NodeResult[]): NoOpResult[] {
  const gone = new Set(
    results.filter((one) => isFailure(one) || one.isRolledBack === true).map(({ id }) => id),
  )
  return noOps.map(({ id, waitsFor }) => {
    const isHeldBack = waitsFor.some((other) => gone.has(other))
    if (isHeldBack) gone.add(id)
    return { id, status: isHeldBack ? 'skipped' : 'no-op' }
  })
}
