/** The purchase likelihood, by the same commands a person would type: from features to a score of every user. */
import type { Progress } from '../progress.ts'
import type { Hop } from './hop.ts'
import { numberOf, type OutputLine, StepFailed } from './run-command.ts'

type Step = (args: readonly string[]) => Promise<{
  readonly lines: readonly OutputLine[]
  readonly elapsedMs: number
}>

/** Exit code of `ml register` when the gate rejects. */
const rejected = 1
const json = ['--format', 'ndjson']

/**
 * Exports, trains, registers, deploys and scores.
 * @returns how many users were scored; undefined when there is too little history to learn from
 * @throws StepFailed when one of the commands failed
 */
export async function runModel(
  step: Step,
  done: (hop: Hop) => void,
  progress: Progress,
): Promise<number | undefined> {
  // Labels of neighbouring days overlap; sixty days are too few to do without them.
  const exported = await exportFeatures(step)
  if (exported === undefined) {
    progress.line('  too little history for a model: the demo goes on without')
    return undefined
  }
  const [features] = exported.lines
  const rows = ['train_rows', 'validation_rows', 'test_rows'].map((name) =>
    numberOf(features, name),
  )
  const total = rows.reduce((sum, one) => sum + one, 0)
  done({
    hop: 'features → S3 (export)',
    rowsIn: total,
    rowsOut: total,
    elapsedMs: exported.elapsedMs,
  })

  // Of few events some features say nothing.
  const trained = await step(['ml', 'train', '--set', 'useless_features=warn', ...json])
  done({ hop: 'S3 → model (train)', rowsIn: total, rowsOut: 1, elapsedMs: trained.elapsedMs })

  const started = performance.now()
  const job = String(trained.lines.at(-1)?.['training_job'])
  const isApproved = await register(step, job)
  if (isApproved) await step(['ml', 'deploy', ...json])
  else await deployRejected(step, progress)
  const elapsedMs = performance.now() - started
  done({ hop: 'model → endpoint (register, deploy)', rowsIn: 1, rowsOut: 1, elapsedMs })

  const scored = await step(['ml', 'score', ...json])
  const users = numberOf(scored.lines.at(-1), 'rows_scored')
  done({
    hop: 'features → predictions (score)',
    rowsIn: users,
    rowsOut: users,
    elapsedMs: scored.elapsedMs,
  })
  return users
}

async function exportFeatures(step: Step) {
  try {
    return await step(['features', 'export', '--every-days', '1', ...json])
  } catch (error) {
    if (error instanceof StepFailed && error.exitCode === 2) return undefined
    throw error
  }
}

async function register(step: Step, job: string): Promise<boolean> {
  try {
    await step(['ml', 'register', job, ...json])
    return true
  } catch (error) {
    if (error instanceof StepFailed && error.exitCode === rejected) return false
    throw error
  }
}

/** What serves goes on serving. Where nothing does, a person may decide otherwise than the gate. */
async function deployRejected(step: Step, progress: Progress): Promise<void> {
  const { lines } = await step(['ml', 'ls', ...json])
  const [newest] = lines
  progress.line(`  the gate rejected it: ${newest?.['reason']}`)
  if (lines.some((line) => line['serves'] === true)) return
  const version = String(newest?.['version'])
  await step(['ml', 'promote', version, '--reason', 'the demo shows the rest of the way', ...json])
}
