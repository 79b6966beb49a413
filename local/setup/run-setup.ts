/** Brings what is missing: steps that do not wait for each other run side by side. */
import { systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { SetupContext, SetupEvent, SetupStep } from './step.ts'

export type SetupOptions = {
  /** Absolute. */
  readonly cacheDir: string
  readonly steps: readonly SetupStep[]
  readonly onEvent: (event: SetupEvent) => void
  readonly signal: AbortSignal
}

/**
 * Runs every step that is not in the cache yet. When one fails, the others still finish, so that the next
 * run has less to do.
 * @throws the failure of a required step; an AggregateError when several failed; the signal's reason
 */
export async function runSetup(options: SetupOptions): Promise<void> {
  const running = new Map<string, Promise<void>>()
  const failures: unknown[] = []
  const failed = new Set<string>()
  for (const step of inOrder(options.steps)) {
    const before = step.after.map((name) => running.get(name))
    const work = async () => {
      await Promise.all(before)
      if (step.after.some((name) => failed.has(name))) {
        failed.add(step.name)
        const reason = `it needs ${step.after.join(' and ')}`
        options.onEvent({ kind: 'skipped', step: step.name, title: step.title, reason })
        return
      }
      try {
        await runStep(step, options)
      } catch (error) {
        failed.add(step.name)
        if (step.weight === 'required') failures.push(error)
      }
    }
    running.set(step.name, work())
  }
  await Promise.all(running.values())
  options.signal.throwIfAborted()
  if (failures.length > 1) throw new AggregateError(failures, 'set-up')
  if (failures.length === 1) throw failures[0]
}

async function runStep(step: SetupStep, options: SetupOptions): Promise<void> {
  const { cacheDir, signal, onEvent } = options
  const about = { step: step.name, title: step.title }
  const context: SetupContext = {
    cacheDir,
    signal,
    say: (text) => onEvent({ kind: 'progress', ...about, text }),
  }
  signal.throwIfAborted()
  if (await step.isPresent(context)) {
    onEvent({ kind: 'present', ...about })
    return
  }
  const startedAt = systemClock.now()
  onEvent({ kind: 'started', ...about })
  try {
    await step.bring(context)
  } catch (cause) {
    const error = explained(cause, cacheDir)
    const reason = messageOf(error).split('\n')[0] ?? ''
    onEvent({ kind: step.weight === 'required' ? 'failed' : 'skipped', ...about, reason })
    throw error
  }
  onEvent({ kind: 'done', ...about, elapsedMs: systemClock.now() - startedAt })
}

/** A full disk or a directory of somebody else is the reader's to mend; anything else stays as it is. */
function explained(error: unknown, cacheDir: string): unknown {
  const codes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS']
  if (!(error instanceof Error && 'code' in error && codes.includes(String(error.code)))) {
    return error
  }
  const parameters = { path: cacheDir, reason: error.message }
  return problem('services/cache-dir-unusable', parameters, { cause: error })
}

/**
 * The steps so that each comes after those it needs.
 * @throws Error for an unknown name or a circle: a mistake in the list of steps
 */
export function inOrder(steps: readonly SetupStep[]): readonly SetupStep[] {
  const ordered: SetupStep[] = []
  while (ordered.length < steps.length) {
    const next = steps.find(
      (step) =>
        !ordered.includes(step) &&
        step.after.every((name) => ordered.some((earlier) => earlier.name === name)),
    )
    if (next === undefined) throw new Error('the steps of set-up wait for each other')
    ordered.push(next)
  }
  return ordered
}
