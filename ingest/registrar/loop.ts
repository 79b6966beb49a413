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
  /** How long rounds may go on failing because something outside does not answer. Default 60,000. */
  readonly patienceMs?: number
}

/**
 * Runs until the signal comes; the round under way is finished first.
 * @throws what `registerOnce` throws, when it cannot pass by waiting or has not passed after `patienceMs`
 */
export async function registerLoop(
  deps: RegistrarDeps & { readonly log: Log },
  options: LoopOptions,
): Promise<void> {
  const { clock = systemClock, log } = deps
  const { signal, patienceMs = 60_000 } = options
  let failingSince: number | undefined
  while (!signal.aborted) {
    try {
      options.onRound(await registerAll(deps, options))
      failingSince = undefined
    } catch (error) {
      if (signal.aborted) return
      failingSince ??= clock.now()
      if (!isProblem(error) || !error.retryable) throw error
      if (clock.now() - failingSince >= patienceMs) throw error
      log.warn({ event: 'register.failed', code: error.code }, error.message)
    }
    await clock.sleep(options.intervalMs, signal).catch(() => {})
  }
}
