/** What the machine calls a failure, as a problem that a person can read. */
import { problem } from '../../core/problems.ts'
import type { Failure } from './machine.ts'

/** @param partition `topic/partition` */
export function failureToProblem(partition: string, failure: Failure): unknown {
  switch (failure.kind) {
    case 'gap': {
      const { head, logStart } = failure
      return problem('landing/gap', { partition, head, logStart })
    }
    case 'log-behind': {
      const { head, highWatermark } = failure
      return problem('landing/log-behind', { partition, head, highWatermark })
    }
    case 'log-changed':
      return problem('landing/log-changed', { partition, offset: failure.offset })
    case 'broken':
      return failure.error
    default:
      return failure satisfies never
  }
}
