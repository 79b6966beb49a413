/** Watches a training job until it ends. */
import type { DescribeTrainingJobResponse, SageMakerClient } from '@aws-sdk/client-sagemaker'
import type { Clock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { findTraining } from './start-training.ts'

export type TrainingEvent =
  | { readonly kind: 'step'; readonly at: Date; readonly status: string; readonly message: string }
  | { readonly kind: 'metrics'; readonly values: Readonly<Record<string, number>> }

/** Seconds between two looks: quick at first, because a small job is soon done. */
const firstPauseMs = 250
const lastPauseMs = 5_000

const running = ['InProgress', 'Stopping']

/**
 * Tells what happens to a job, what has happened already too, and resolves with its end.
 * @throws `ml/no-training`, the signal's reason, and as `asked`
 */
export async function followTraining(
  control: SageMakerClient,
  name: string,
  onEvent: (event: TrainingEvent) => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<DescribeTrainingJobResponse> {
  const seen: Seen = { steps: 0, metrics: new Map() }
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
    signal.throwIfAborted()
    const job = await findTraining(control, name)
    if (job === undefined) throw problem('ml/no-training', { what: `training job ${name}` })
    for (const event of newEvents(job, seen)) onEvent(event)
    if (!running.includes(job.TrainingJobStatus ?? '')) return job
    await clock.sleep(pauseMs, signal)
  }
}

type Seen = { steps: number; readonly metrics: Map<string, number> }

/** What is new since the last look, which `seen` remembers. */
function newEvents(job: DescribeTrainingJobResponse, seen: Seen): TrainingEvent[] {
  const steps = job.SecondaryStatusTransitions ?? []
  const events = steps.slice(seen.steps).map(
    ({ Status = '', StartTime = new Date(0), StatusMessage = '' }): TrainingEvent => ({
      kind: 'step',
      at: StartTime,
      status: Status,
      message: StatusMessage,
    }),
  )
  seen.steps = steps.length
  const changed = (job.FinalMetricDataList ?? []).flatMap(({ MetricName, Value }) =>
    MetricName === undefined || Value === undefined || seen.metrics.get(MetricName) === Value
      ? []
      : [[MetricName, Value] as const],
  )
  for (const [name, value] of changed) seen.metrics.set(name, value)
  return changed.length === 0
    ? events
    : [...events, { kind: 'metrics', values: Object.fromEntries(changed) }]
}

/**
 * Passes a job that has a model.
 * @throws `ml/training-failed`, `ml/training-broke`, `ml/training-stopped`
 */
export function assertTrained(name: string, job: DescribeTrainingJobResponse): void {
  const { TrainingJobStatus: status, SecondaryStatus: last } = job
  if (status === 'Completed') return
  const reason = job.FailureReason ?? `its status is ${status}`
  if (status === 'Stopped') {
    const isLate = last === 'MaxRuntimeExceeded' || last === 'MaxWaitTimeExceeded'
    const seconds = job.StoppingCondition?.MaxRuntimeInSeconds
    const why = isLate ? `it took longer than ${seconds} s` : 'somebody asked for that'
    throw problem('ml/training-stopped', { job: name, reason: why })
  }
  throw problem(/^InternalServerError/.test(reason) ? 'ml/training-broke' : 'ml/training-failed', {
    job: name,
    reason,
  })
}
