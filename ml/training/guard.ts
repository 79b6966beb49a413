/** What a mistake may cost: looked at before anything is asked for. */
import { problem } from '../../core/problems.ts'

/** @throws `ml/instance-not-allowed` */
export function assertInstanceAllowed(instanceType: string, allowed: readonly string[]): void {
  if (!allowed.includes(instanceType)) {
    throw problem('ml/instance-not-allowed', { instanceType, allowed })
  }
}

/** @throws `ml/run-too-long`, `ml/not-whole-seconds` */
export function assertRunAllowed(seconds: number, allowed: number): void {
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw problem('ml/not-whole-seconds', { seconds })
  }
  if (seconds > allowed) throw problem('ml/run-too-long', { seconds, allowed })
}
