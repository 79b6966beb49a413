/** One training job from its input to its model, through the states that DescribeTrainingJob shows. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SecondaryStatus } from '@aws-sdk/client-sagemaker'
import { messageOf } from '../../../core/errors.ts'
import { region } from '../../state.ts'
import { arnOf } from '../api/arn.ts'
import { filesBelow, packDirectory } from '../archive.ts'
import { instanceMemoryBytes } from '../container/instance-types.ts'
import { type Container, type ContainerEnd, runContainer } from '../container/run-container.ts'
import type { StandIn } from '../context.ts'
import { below, type S3Place, s3Place } from '../files.ts'
import { findImage } from '../images.ts'
import { removeDirectory } from '../remove-directory.ts'
import { baseDirectory, prepareBaseDirectory, readFailure } from './base-directory.ts'
import { DownloadFailure, downloadChannel } from './channels.ts'
import { followCheckpoints } from './follow-checkpoints.ts'
import { type MetricValue, type TrainingJob, withEnd, withFailure, withTransition } from './job.ts'
import { metricFinder, withMetrics } from './metrics.ts'

/** Seconds that a job may run when its request does not say. */
const defaultRuntimeSeconds = 86_400
/** The supervisor waits 30 s for all of us. */
const shutdownGraceMs = 5_000
/** The longest that a timer can wait; 24 days. SageMaker lets jobs run for 28. */
const maxTimerMs = 2 ** 31 - 1
/** Metrics are written down so often at most, however many a job prints. */
const metricsPauseMs = 250
const recordPauseMs = 1_000
/** SageMaker's words when it is at fault. */
export const internalError =
  'InternalServerError: We encountered an internal error. Please try again.'
const outOfMemory =
  'ClientError: Please use an instance type with more memory, or reduce the size of training data processed on an instance.'

/** Why a job ends before its time. `shutdown`: the stand-in itself ends. */
type StopReason = 'asked' | 'too-long' | 'shutdown'

/** One step of a job's record. */
type Change = (job: TrainingJob) => TrainingJob

/** A job that runs now. */
export interface RunningJob {
  /** Resolves once its end is written down. */
  readonly done: Promise<void>
  stop(reason: 'asked' | 'shutdown'): void
}

/** Runs a job that has just been taken. Every end, also a failure, is written to its record. */
export function runJob(standIn: StandIn, name: string): RunningJob {
  const abort = new AbortController()
  const state: { container?: Container; stopped: StopReason | undefined } = {
    stopped: undefined,
  }
  const base = join(standIn.workDir, `${name}-${randomBytes(4).toString('hex')}`)
  const { jobs } = standIn.stores
  const now = () => standIn.clock.now()
  const current = () => {
    const job = jobs.get(name)
    if (job === undefined) throw new Error(`job ${name} is gone`)
    return job
  }
  /** Found since the record was written last. */
  let fresh: readonly MetricValue[] = []
  const change = (to: Change) => {
    const job = to(current())
    jobs.put({ ...job, metrics: withMetrics(job.metrics, fresh) })
    fresh = []
  }
  const keepMetrics = () => {
    try {
      if (fresh.length > 0) change((job) => job)
    } catch {
      // The disk is full: they go into the next record that can be written.
    }
  }
  const step = (status: SecondaryStatus, message: string) => {
    // Once it is being stopped, Stopping is the step it is in.
    if (state.stopped !== 'asked') change((job) => withTransition(job, status, message, now()))
  }
  const graceMs = (why: StopReason) =>
    why === 'shutdown' ? shutdownGraceMs : standIn.containers().limits.training_grace_seconds * 1000
  const end = (why: StopReason) => {
    state.stopped ??= why
    abort.abort()
    void state.container?.stop(graceMs(why))
  }

  /** @returns how the job ends, unless it was stopped */
  async function run(): Promise<Change> {
    const { request } = current()
    step('Starting', 'Preparing the instances for training')
    prepareBaseDirectory(base, request)
    step('Downloading', 'Downloading input data')
    await download(request)
    const finish = await train(request)
    if (finish === undefined) {
      await upload(request)
      return (job) => withEnd(job, { status: 'Completed' }, 'Training job completed', now())
    }
    await uploadOutput(request).catch(() => {}) // the failure itself says more
    return (job) => withFailure(job, finish, now())
  }

  async function download(request: TrainingJob['request']): Promise<void> {
    const paths = baseDirectory(base)
    for (const channel of request.InputDataConfig ?? []) {
      const directory = paths.channel(channel.ChannelName)
      mkdirSync(directory, { recursive: true })
      await downloadChannel(standIn.files, channel, directory, abort.signal)
    }
    const checkpoints = request.CheckpointConfig
    if (checkpoints === undefined) return
    // With a slash at its end: the checkpoints of job-1 are not those of job-10.
    const place = below(s3Place(checkpoints.S3Uri), '')
    for (const { key } of await standIn.files.list(place)) {
      const path = key.slice(place.key.length)
      if (path === '' || path.endsWith('/') || path.split('/').includes('..')) continue
      const { signal } = abort
      await standIn.files.download({ ...place, key }, join(paths.checkpoints, path), { signal })
    }
  }

  /** @returns why it failed */
  async function train(request: TrainingJob['request']): Promise<string | undefined> {
    abort.signal.throwIfAborted()
    step('Training', 'Training image download completed. Training in progress.')
    change((job) => ({ ...job, startedAt: now() }))
    const spec = request.AlgorithmSpecification
    const image = findImage(standIn.containers(), spec.TrainingImage ?? '')
    const seconds = request.StoppingCondition?.MaxRuntimeInSeconds ?? defaultRuntimeSeconds
    const findMetrics = metricFinder(spec.MetricDefinitions)
    state.container = runContainer({
      image,
      command: [...(spec.ContainerEntrypoint ?? ['train']), ...(spec.ContainerArguments ?? [])],
      baseDir: base,
      env: {
        ...request.Environment,
        AWS_REGION: region,
        TRAINING_JOB_NAME: name,
        TRAINING_JOB_ARN: arnOf('training-job', name),
      },
      logPath: join(standIn.logDir, 'training-jobs', `${name}.log`),
      memoryBytes: image.memory_mb
        ? image.memory_mb * 1024 ** 2
        : instanceMemoryBytes(request.ResourceConfig?.InstanceType ?? ''),
      // All cores for all the time that it may run.
      cpuSeconds: seconds * navigator.hardwareConcurrency,
      onLine: (line) => {
        fresh = withMetrics(fresh, findMetrics(line, now()))
      },
    })
    const checkpoints = request.CheckpointConfig
    const stopFollowing =
      checkpoints &&
      followCheckpoints(standIn, name, baseDirectory(base).checkpoints, s3Place(checkpoints.S3Uri))
    const timer = setTimeout(() => end('too-long'), Math.min(seconds * 1000, maxTimerMs))
    const writing = setInterval(keepMetrics, metricsPauseMs)
    const ended = await state.container.ended
    clearTimeout(timer)
    clearInterval(writing)
    await stopFollowing?.()
    return state.stopped === undefined ? failureOf(ended) : undefined
  }

  function failureOf({ code, signal, outOfMemory: full }: ContainerEnd): string | undefined {
    if (full) return outOfMemory
    if (code === 0) return undefined
    const said = readFailure(base)
    const how =
      signal === undefined
        ? 'See job logs for more information.'
        : `The container was ended by ${signal}.`
    const tail = `, exit code: ${code}`
    return `AlgorithmError: ${(said === '' ? how : said).slice(0, 1_000 - tail.length)}${tail}`
  }

  async function upload(request: TrainingJob['request']): Promise<void> {
    step('Uploading', 'Uploading generated training model')
    const place = outputPlace(request, name)
    await uploadPacked(baseDirectory(base).model, below(place, 'model.tar.gz'))
    await uploadOutput(request)
  }

  async function uploadOutput(request: TrainingJob['request']): Promise<void> {
    const paths = baseDirectory(base)
    await uploadPacked(paths.outputData, below(outputPlace(request, name), 'output.tar.gz'))
    if (request.CheckpointConfig === undefined) return
    const place = s3Place(request.CheckpointConfig.S3Uri)
    for (const path of filesBelow(paths.checkpoints)) {
      await standIn.files.upload(join(paths.checkpoints, path), below(place, path))
    }
  }

  async function uploadPacked(directory: string, place: S3Place): Promise<void> {
    const packed = `${directory}.tar.gz`
    if (await packDirectory(directory, packed)) await standIn.files.upload(packed, place)
  }

  function onError(error: unknown): Change {
    const isStopped = state.stopped !== undefined && state.container === undefined
    if (isStopped) return (job) => job
    const isTheirs = error instanceof DownloadFailure
    if (!isTheirs) {
      standIn.log.error({ event: 'training.broke', job: name, reason: messageOf(error) })
    }
    state.stopped = undefined
    return (job) => withFailure(job, isTheirs ? error.message : internalError, now())
  }

  function stoppedEnd(): Change | undefined {
    switch (state.stopped) {
      case 'asked':
        return (job) => withEnd(job, { status: 'Stopped' }, 'Training job stopped', now())
      case 'too-long': {
        const message = 'Training job runtime exceeded MaxRuntimeInSeconds provided'
        const how = { status: 'Stopped', secondary: 'MaxRuntimeExceeded' } as const
        return (job) => withEnd(job, how, message, now())
      }
      case 'shutdown':
        return (job) => withFailure(job, internalError, now())
      case undefined:
        return undefined
      default:
        return state.stopped satisfies never
    }
  }

  /** Writes down the end; on a full disk as soon as there is room, and until then the job is not over. */
  async function writeEnd(end: Change): Promise<void> {
    for (;;) {
      try {
        change(stoppedEnd() ?? end)
        standIn.log.info({ event: 'training.ended', job: name, status: current().status })
        return
      } catch (error) {
        standIn.log.error({ event: 'training.not_written', job: name, reason: messageOf(error) })
        if (state.stopped === 'shutdown') return // the next start says that it failed
        await standIn.clock.sleep(recordPauseMs)
      }
    }
  }

  const done = run()
    .catch(onError)
    .then((end) => {
      removeDirectory(base, standIn.log) // before the record, which may need the room
      return writeEnd(end)
    })
  return { done, stop: end }
}

/** Where the model of a job goes: <S3OutputPath>/<job>/output/ */
export function outputPlace(request: TrainingJob['request'], name: string): S3Place {
  return below(s3Place(request.OutputDataConfig.S3OutputPath), `${name}/output`)
}
