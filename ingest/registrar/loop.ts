/** The registrar as a process: a round, a pause, a round, until it is told to stop. */
import { systemClock } from '../../core/clock.ts'
import { isProblem } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import {
  type RegisterOptions,
  type RegisterReport,
  type RegistrarDeps,
  registerAll,
} from './register.ts'

export type LoopOptions = RegisterOptions & {
  /** Pause between rounds. */
  readonly intervalMs: number
  readonly signal: AbortSignal
  readonly onRound: (report: RegisterReport) => void
  /** Rounds in a row that may fail because something outside did not answer. Default 5. */
  readonly maxFailures?: number
}

/**
 * Runs until the signal comes; the round under way is finished first.
 * @throws what `registerOnce` throws, when it cannot pass by waiting or has not passed after `maxFailures` rounds
 */
export async function registerLoop(
  deps: RegistrarDeps & { readonly log: Log },
  options: LoopOptions,
): Promise<void> {
  const { clock = systemClock, log } = deps
  const { signal, maxFailures = 5 } = options
  let failures = 0
  while (!signal.aborted) {
    try {
      options.onRound(await registerAll(deps, options))
      failures = 0
    } catch (error) {
      failures += 1
      if (signal.aborted) return
      if (!isProblem(error) || !error.retryable || failures >= maxFailures) throw error
      log.warn({ event: 'register.failed', code: error.code, failures }, error.message)
    }
    await clock.sleep(options.intervalMs, signal).catch(() => {})
  }
}
