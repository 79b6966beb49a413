/** `millrace ml train`: a training job, watched until it ends. */
import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { RecordRow } from '../../ml/records/tables.ts'
import type { SageMakerClients } from '../../ml/sagemaker/clients.ts'
import type { TrainingEvent } from '../../ml/training/follow-training.ts'
import type { StartedTraining } from '../../ml/training/start-training.ts'
import type { TrainingWish } from '../../ml/training/training-request.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption, lastOfOthers } from '../options.ts'
import { printRows } from '../output.ts'
import { recordRow, withSageMaker } from './clients.ts'
import { findExport } from './find-export.ts'
import { withObjects } from './objects.ts'
import { placesOf } from './options.ts'
import { isOver, metricsOf, recordTraining } from './record-training.ts'
import { readTrainOptions, trainingWish } from './wish.ts'

export const mlTrainCommand = defineCommand({
  command: 'train',
  describe: 'Train on an export of features, and watch the job until it ends',
  builder: (yargs) =>
    yargs
      // Elsewhere the last one wins; here a hyperparameter would be lost without a word.
      .parserConfiguration({ 'duplicate-arguments-array': true })
      .middleware(lastOfOthers('set'), true)
      .option('export', {
        type: 'string',
        default: 'latest',
        describe: 'Id or s3://… of an export, or latest',
        requiresArg: true,
      })
      .option('name', {
        type: 'string',
        describe: 'Of the job, behind that of the model (default: by its content)',
        requiresArg: true,
      })
      .option('set', {
        type: 'string',
        array: true,
        default: [] as string[], // yargs would infer never[] from an empty list
        describe: 'Hyperparameter, as eta=0.1; can be given several times',
        requiresArg: true,
      })
      .option('instance-type', {
        type: 'string',
        describe: 'Default: ml.instance_type',
        requiresArg: true,
      })
      .option('max-run-seconds', {
        type: 'number',
        describe: 'Default, and the most there may be: ml.max_run_seconds',
        requiresArg: true,
      })
      .option('wait', {
        type: 'boolean',
        default: true,
        describe: 'Watch it until it ends; not with --no-wait',
      })
      .option('stop', {
        type: 'boolean',
        default: false,
        describe: 'Ctrl-C ends the job too, not only the watching of it',
      })
      .option('format', formatOption)
      .example('$0 ml train --set max_depth=6 --set eta=0.1', 'on the newest export'),
  handler: async (args) => {
    const { config } = openContext(args)
    const options = readTrainOptions(config, args)
    const { jobName } = await import('../../ml/training/list-trainings.ts')
    const name = args.name === undefined ? undefined : jobName(placesOf(config).model, args.name)
    return await withSageMaker(config, async ({ control }) => {
      const wish = await withObjects(config, async (objects) => {
        const source = await findExport(config, objects, args.export)
        return await trainingWish(config, objects, options, source)
      })
      const { findTraining, startTraining } = await import('../../ml/training/start-training.ts')
      const { trainingRequest } = await import('../../ml/training/training-request.ts')
      const started = await startTraining(control, wish.origin.model, trainingRequest(wish), name)
      process.stderr.write(`${started.name}: ${started.how}, on ${wish.exportUri}\n`)
      const { gitShaOf } = await import('../../ml/sagemaker/tags.ts')
      const isFound = started.how === 'found'
      const gitSha = isFound ? await gitShaOf(control, started.arn) : wish.origin.gitSha
      const known = rowOf(wish, started, gitSha)
      await recordStart(config, started, known)
      if (!args.wait) {
        const ended = isOver(started.status) ? await findTraining(control, started.name) : undefined
        if (ended !== undefined) await recordTraining(config, ended, known)
        printRows([{ training_job: started.name, status: started.status }], args.format)
        return 0
      }
      const job = await watch(control, started.name, args.stop)
      await recordTraining(config, job, known)
      const { assertTrained } = await import('../../ml/training/follow-training.ts')
      assertTrained(started.name, job)
      printRows([jobRow(started.name, job)], args.format)
      return 0
    })
  },
})

/** Tells on stderr what happens. @throws `ml/training-goes-on` after Ctrl-C, unless that is to stop the job */
async function watch(
  control: SageMakerClients['control'],
  job: string,
  isToStop: boolean,
): Promise<DescribeTrainingJobResponse> {
  const { followTraining } = await import('../../ml/training/follow-training.ts')
  return await withInterrupt(async (interrupt) => {
    try {
      const options = { clock: systemClock, signal: interrupt }
      return await followTraining(control, job, printEvent, options)
    } catch (cause) {
      if (!interrupt.aborted) throw cause
      if (!isToStop) throw problem('ml/training-goes-on', { job }, { cause })
      const { stopTraining } = await import('../../ml/training/stop-training.ts')
      await stopTraining(control, job)
      const { signal } = new AbortController() // a second Ctrl-C ends the process
      return await followTraining(control, job, () => {}, { clock: systemClock, signal })
    }
  })
}

function printEvent(event: TrainingEvent): void {
  process.stderr.write(`  ${eventLine(event)}\n`)
}

function eventLine(event: TrainingEvent): string {
  if (event.kind === 'step') {
    return `${event.at.toISOString().slice(11, 19)}  ${event.status}: ${event.message}`
  }
  const values = Object.entries(event.values).map(([name, value]) => `${name} ${round(value)}`)
  return `          ${values.join('  ')}`
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}

function jobRow(name: string, job: DescribeTrainingJobResponse) {
  const metrics = metricsOf(job)
  return {
    training_job: name,
    status: job.TrainingJobStatus,
    seconds: job.TrainingTimeInSeconds,
    log_loss: metrics['test:logloss'] ?? metrics['validation:logloss'],
    roc_auc: metrics['test:roc_auc'],
    artifact_uri: job.ModelArtifacts?.S3ModelArtifacts,
  }
}

/** @param gitSha of the job: the same may have been asked for at an earlier commit */
function rowOf(
  { origin, ...wish }: TrainingWish,
  { name, request }: StartedTraining,
  gitSha: string | undefined,
) {
  return {
    training_job: name,
    model_name: origin.model,
    export_uri: wish.exportUri,
    snapshot_id: origin.snapshotId,
    sql_hash: origin.sqlHash,
    git_sha: gitSha,
    image_uri: wish.imageUri,
    instance_type: wish.instanceType,
    hyperparameters: JSON.stringify(request.HyperParameters ?? {}),
    recorded_at: new Date(systemClock.now()).toISOString(),
  } satisfies RecordRow<'ml_trainings'>
}

async function recordStart(
  config: Config,
  started: StartedTraining,
  known: RecordRow<'ml_trainings'>,
): Promise<void> {
  if (isOver(started.status)) return // its end says the same, and more
  const row = { ...known, status: 'InProgress' }
  await recordRow(config, 'ml_trainings', row, ['training_job', 'status'])
}
