/** What a training job is asked for, from settings and options. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Config, requireSetting } from '../../core/config.ts'
import { shippedFile } from '../../core/shipped-file.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import type { ExportManifest } from '../../ml/training/export-manifest.ts'
import { assertInstanceAllowed, assertRunAllowed } from '../../ml/training/guard.ts'
import { parseHyperparameters } from '../../ml/training/hyperparameters.ts'
import type { Algorithm, TrainingWish } from '../../ml/training/training-request.ts'
import { projectRevision } from '../runner/origin.ts'
import { placesOf } from './options.ts'

export type TrainOptions = {
  readonly set: readonly string[]
  readonly instanceType?: string | undefined
  readonly maxRunSeconds?: number | undefined
}

/** Passes what may be asked for at all. @throws `ml/instance-not-allowed`, `ml/run-too-long`, `ml/not-a-hyperparameter` */
export function readTrainOptions(config: Config, options: TrainOptions) {
  const { ml } = config.settings
  const instanceType = options.instanceType ?? ml.instance_type
  const maxRunSeconds = options.maxRunSeconds ?? ml.max_run_seconds
  assertInstanceAllowed(instanceType, ml.allowed_instance_types)
  assertRunAllowed(maxRunSeconds, ml.max_run_seconds)
  const hyperparameters = parseHyperparameters([...ml.hyperparameters, ...options.set])
  return { instanceType, maxRunSeconds, hyperparameters }
}

/** @throws `config/missing-value` without a role, and what the store throws */
export async function trainingWish(
  config: Config,
  objects: Objects,
  options: ReturnType<typeof readTrainOptions>,
  source: { readonly uri: string; readonly manifest: ExportManifest },
): Promise<TrainingWish> {
  const { ml, sagemaker } = config.settings
  const { model, artifactUri } = placesOf(config)
  const { snapshot_id: snapshotId, sql_hash: sqlHash } = source.manifest
  const gitSha = await projectRevision(config.projectDir)
  return {
    ...options,
    origin: { project: config.projectName, model, snapshotId, sqlHash, gitSha },
    roleArn: requireSetting(config, 'sagemaker.role_arn', sagemaker.role_arn),
    imageUri: ml.image_uri,
    algorithm: await algorithmOf(config, objects),
    exportUri: source.uri,
    artifactUri,
    metricDefinitions: await metricDefinitions(),
    volumeGb: ml.volume_gb,
  }
}

const definitionsSchema = z.array(z.object({ Name: z.string(), Regex: z.string() }))

async function metricDefinitions() {
  const text = await readFile(shippedFile('ml/image/metric-definitions.json'), 'utf8')
  return definitionsSchema.parse(JSON.parse(text))
}

/** Our code for SageMaker's own image goes to S3 under the hash of its content, once. */
async function algorithmOf(config: Config, objects: Objects): Promise<Algorithm> {
  const { algorithm: kind, script_uri: given } = config.settings.ml
  if (kind !== 'script') return { kind }
  if (given !== undefined) return { kind, archiveUri: given }
  const body = await packScript()
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const { artifactUri, model } = placesOf(config)
  const archiveUri = `${artifactUri}/${model}/code/${hash}/sourcedir.tar.gz`
  await objects.put(archiveUri, body)
  return { kind, archiveUri }
}

async function packScript(): Promise<Buffer> {
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-script-'))
  const file = join(folder, 'sourcedir.tar.gz')
  try {
    await promisify(execFile)('sh', [shippedFile('ml/image/bin/source'), file])
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
