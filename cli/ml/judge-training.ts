/** A training job's model, judged on its test rows: what `evaluate` prints and `register` decides by. */
import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker'
import type { Config } from '../../core/config.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { type Evaluation, evaluate, type Opponent } from '../../ml/evaluation/evaluate.ts'
import { readLabelledRows } from '../../ml/evaluation/labelled-rows.ts'
import { readTrainedModel, type TrainedModel } from '../../ml/evaluation/trained-model.ts'
import { type Champion, findChampion } from '../../ml/predict/champion.ts'
import { loadModel } from '../../ml/predict/load-model.ts'
import { judge, type Verdict } from '../../ml/registry/gate.ts'
import { asked, isMissing } from '../../ml/sagemaker/asked.ts'
import type { SageMakerClients } from '../../ml/sagemaker/clients.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import { resolveTraining } from '../../ml/training/list-trainings.ts'
import { recordRow } from './clients.ts'
import { placesOf } from './options.ts'
import { recordTraining } from './record-training.ts'
import { readUsers } from './test-users.ts'

export type Judged = {
  readonly name: string
  readonly job: DescribeTrainingJobResponse
  readonly artifactUri: string
  readonly trained: TrainedModel
  readonly evaluation: Evaluation
  readonly verdict: Verdict
}

/** The job that is meant, and its archive. @throws `ml/no-training`, `ml/other-model`, `ml/not-trained`, … */
export async function fetchTrained(
  config: Config,
  { control }: SageMakerClients,
  objects: Objects,
  wanted: string,
) {
  const { model } = placesOf(config)
  const job = await resolveTraining(control, model, wanted, 'Completed')
  await recordTraining(config, job) // nobody may have watched it
  const {
    TrainingJobName: name = '',
    TrainingJobStatus: status = '',
    ModelArtifacts: artifacts,
  } = job
  if (status !== 'Completed') throw problem('ml/not-trained', { job: name, status })
  const uri = artifacts?.S3ModelArtifacts ?? ''
  const archive = await objects.fetch(uri)
  if (archive === undefined) throw problem('ml/artifact-missing', { uri })
  return { name, job, artifactUri: uri, archive }
}

/**
 * Evaluates the model beside its baselines and the champion, and writes that down.
 * @throws `ml/model-damaged`, `ml/export-unreadable`, and as `fetchTrained` and `findChampion`
 */
export async function judgeTraining(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
  fetched: Awaited<ReturnType<typeof fetchTrained>>,
): Promise<Judged> {
  const { name, job, artifactUri, archive } = fetched
  const trained = await readTrainedModel(archive)
  const { features } = trained.metrics.data
  const rows = await readTestRows(config, objects, job, features)
  const champion = await loadChampion(config, clients, objects)
  const evaluation = evaluate(trained, rows, champion)
  await recordEvaluation(config, name, trained, evaluation)
  const verdict = judge(trained.metrics, evaluation)
  return { name, job, artifactUri, trained, evaluation, verdict }
}

async function readTestRows(
  config: Config,
  objects: Objects,
  job: DescribeTrainingJobResponse,
  features: readonly string[],
) {
  const channel = job.InputDataConfig?.find(({ ChannelName }) => ChannelName === 'test')
  const uri = channel?.DataSource?.S3DataSource?.S3Uri ?? ''
  const listed = uri === '' ? [] : await objects.list(uri)
  const files = listed.filter((file) => file.endsWith('.csv'))
  const found = await Promise.all(files.map(objects.fetch))
  if (found.length === 0) throw problem('ml/no-export', { what: `with test rows at ${uri}` })
  const texts = found.map((body) => Buffer.from(body ?? []).toString('utf8'))
  const rows = readLabelledRows(uri, features, texts)
  const users = await readUsers(config, objects, uri, files)
  if (users === undefined || users.length === rows.labels.length) return { ...rows, users }
  const reason = `its CSV has ${rows.labels.length} rows and its Parquet ${users.length}`
  throw problem('ml/export-unreadable', { uri, reason })
}

/** What serves now. One that cannot be read is no reason to fail: nothing is known to be better than it. */
async function loadChampion(
  config: Config,
  clients: SageMakerClients,
  objects: Objects,
): Promise<Opponent | undefined> {
  const { endpoint } = placesOf(config)
  let champion: Champion | undefined
  try {
    champion = await findChampion(clients, endpoint)
  } catch (error) {
    if (!isMissing(error)) {
      return await asked(`describe endpoint ${endpoint}`, Promise.reject(error))
    }
    // SageMaker goes on serving what has been deleted.
    return { version: 'unknown', incomparable: messageOf(error) }
  }
  if (champion === undefined) return undefined
  try {
    const { model } = await loadModel(champion, objects.fetch)
    return { model }
  } catch (error) {
    if (!(error instanceof MillraceError && error.code.startsWith('ml/'))) throw error
    const version = champion.modelVersion ?? champion.modelName
    return { version, incomparable: error.message }
  }
}

async function recordEvaluation(
  config: Config,
  job: string,
  { metrics, metricsJson }: TrainedModel,
  { rows, figures, champion }: Evaluation,
): Promise<void> {
  const compared = champion !== undefined && 'improvement' in champion ? champion : undefined
  await recordRow(config, 'ml_evaluations', {
    training_job: job,
    model_name: metrics.model_name,
    model_version: metrics.model_version,
    test_rows: rows,
    roc_auc: figures.roc_auc,
    pr_auc: figures.pr_auc,
    log_loss: figures.logloss,
    brier: figures.brier,
    ece: figures.ece,
    lift_at_10_percent: figures.lift_at_10,
    champion_version: champion?.version,
    champion_log_loss: compared?.figures.logloss,
    improvement: compared?.improvement.value,
    improvement_low: compared?.improvement.low,
    improvement_high: compared?.improvement.high,
    metrics: metricsJson,
    evaluated_at: new Date().toISOString(),
  })
}
