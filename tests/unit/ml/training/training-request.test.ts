import { SageMakerServiceException } from '@aws-sdk/client-sagemaker'
import { expect, it } from 'vitest'
import { checkRequest } from '../../../../local/sagemaker/api/check-request.ts'
import { loadServiceModel } from '../../../../local/sagemaker/api/service-model.ts'
import { asked } from '../../../../ml/sagemaker/asked.ts'
import { tagsOf } from '../../../../ml/sagemaker/tags.ts'
import { differencesOf } from '../../../../ml/training/differences.ts'
import { manifestUri, parseManifest } from '../../../../ml/training/export-manifest.ts'
import { assertInstanceAllowed, assertRunAllowed } from '../../../../ml/training/guard.ts'
import { parseHyperparameters } from '../../../../ml/training/hyperparameters.ts'
import { isOfModel } from '../../../../ml/training/list-trainings.ts'
import {
  defaultName,
  nameRequest,
  type TrainingWish,
  trainingRequest,
} from '../../../../ml/training/training-request.ts'

const wish: TrainingWish = {
  origin: { project: 'shop', model: 'likely', snapshotId: 7, sqlHash: 'abc', gitSha: 'def-dirty' },
  roleArn: 'arn:aws:iam::123456789012:role/trainer',
  imageUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/millrace-ml:3',
  algorithm: { kind: 'image' },
  exportUri: 's3://bucket/ml/exports/e1/',
  artifactUri: 's3://bucket/ml/models/',
  hyperparameters: { eta: '0.1' },
  metricDefinitions: [{ Name: 'test:logloss', Regex: 'test:logloss=([0-9.]+);' }],
  instanceType: 'ml.m5.large',
  volumeGb: 10,
  maxRunSeconds: 3600,
}
const request = trainingRequest(wish)

it.each([
  ['image', wish],
  ['script', { ...wish, algorithm: { kind: 'script' as const, archiveUri: 's3://b/code.tar.gz' } }],
  ['builtin', { ...wish, algorithm: { kind: 'builtin' as const } }],
])('asks with %s for what the service model of SageMaker takes, and for nothing else', (_, one) => {
  const asked = nameRequest(trainingRequest(one), 'likely-1')
  expect(checkRequest(loadServiceModel(), 'CreateTrainingJob', asked)).toEqual(asked)
})

it('tells SageMaker’s own image what to run, and asks the built-in one for no metric of ours', () => {
  const archiveUri = 's3://b/code.tar.gz'
  const script = trainingRequest({ ...wish, algorithm: { kind: 'script', archiveUri } })
  expect(script.HyperParameters).toEqual({
    sagemaker_program: 'script_mode.py',
    sagemaker_submit_directory: archiveUri,
    eta: '0.1',
  })
  const builtin = trainingRequest({ ...wish, algorithm: { kind: 'builtin' } })
  expect(builtin.InputDataConfig?.map(({ ChannelName }) => ChannelName)).toEqual([
    ...['train', 'validation'],
  ])
  expect(builtin.HyperParameters).toMatchObject({ objective: 'binary:logistic', num_round: '400' })
  expect(builtin.AlgorithmSpecification).not.toHaveProperty('MetricDefinitions')
  expect(nameRequest(builtin, 'likely-1')).not.toHaveProperty('CheckpointConfig')
})

it('names a job by its content: the same wish gets the same name', () => {
  const name = defaultName('likely', request, 1)
  expect(name).toMatch(/^likely-[0-9a-f]{12}$/)
  const elsewhere = {
    ...wish,
    exportUri: 's3://bucket/ml/exports/e1',
    origin: { ...wish.origin, gitSha: 'x' },
  }
  expect(defaultName('likely', trainingRequest(elsewhere), 1)).toBe(name)
  const other = trainingRequest({ ...wish, hyperparameters: { eta: '0.2' } })
  expect(defaultName('likely', other, 1)).not.toBe(name)
  expect(defaultName('likely', request, 3)).toBe(`${name}-3`)
  const checkpoints = (...names: [string, string?]) =>
    nameRequest(request, ...names).CheckpointConfig
  expect(checkpoints(`${name}-3`, name)).toEqual(checkpoints(name))
})

it('says in what a job that is there differs', () => {
  const here = nameRequest(request, 'likely-1')
  expect(differencesOf({ ...here, HyperParameters: { eta: '0.1' } }, here)).toEqual([])
  const there = {
    ...here,
    HyperParameters: { eta: '0.3', max_depth: '4' },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
  }
  expect(differencesOf(there, here)).toEqual([
    'longest time in seconds is 60 there, 3600 here',
    'hyperparameter eta is 0.3 there, 0.1 here',
    'hyperparameter max_depth is 4 there, not given here',
  ])
})

it('puts into tags only what SageMaker takes', () => {
  expect(tagsOf({ project: 'shop(1)', model: 'm', sqlHash: 'x'.repeat(300) })).toEqual([
    { Key: 'millrace:project', Value: 'shop_1_' },
    { Key: 'millrace:model', Value: 'm' },
    { Key: 'millrace:sql-hash', Value: 'x'.repeat(256) },
  ])
})

it('refuses what is too dear, before anything is asked for', () => {
  assertInstanceAllowed('ml.m5.large', ['ml.m5.large'])
  assertRunAllowed(60, 60)
  expect(() => assertInstanceAllowed('ml.p5.48xlarge', ['ml.m5.large'])).toThrow(
    'ml.p5.48xlarge is not allowed here: ml.allowed_instance_types has ml.m5.large. Nothing was asked for.',
  )
  expect(() => assertRunAllowed(61, 60)).toThrow('ml.max_run_seconds is 60')
  for (const none of [0, -1, 1.5, Number.NaN]) {
    expect(() => assertRunAllowed(none, 60)).toThrow(`cannot run for ${none} s`)
  }
})

it.each([
  ['ExpiredTokenException', 'ml/credentials-refused'],
  ['InvalidSignatureException', 'ml/credentials-refused'],
  ['AccessDeniedException', 'ml/refused'],
  ['ThrottlingException', 'ml/sagemaker-unreachable'],
])('says who has to act when SageMaker answers %s', async (name, code) => {
  const options = { name, message: 'said so', $fault: 'client' as const, $metadata: {} }
  const failure = Promise.reject(new SageMakerServiceException(options))
  await expect(asked('list', failure)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/list.*: said so/),
  })
})

it.each([
  ['shop-0123456789ab', true],
  ['shop-0123456789ab-2', true],
  ['shop-mine', true],
  ['shop-eu-0123456789ab', false],
  ['other-0123456789ab', false],
])('knows by its name whether %s is a job of model shop: %s', (job, isOne) => {
  expect(isOfModel('shop', job)).toBe(isOne)
})

it('reads hyperparameters, and refuses what sets none', () => {
  expect(parseHyperparameters(['eta=0.1', 'a.b=x=y', 'eta= 0.2'])).toEqual({
    eta: '0.2',
    'a.b': 'x=y',
  })
  for (const text of ['eta', '=1', '1a=2']) {
    expect(() => parseHyperparameters([text])).toThrow(`${text} sets no hyperparameter.`)
  }
})

it('refuses a manifest that is none, and says why', () => {
  const uri = manifestUri('s3://b/e1/')
  expect(uri).toBe('s3://b/e1/manifest/manifest.json')
  expect(() => parseManifest(uri, '{')).toThrow(
    `${uri} is not as an export writes it: it is not JSON`,
  )
  expect(() => parseManifest(uri, '{"format": 2}')).toThrow(
    `${uri} is not as an export writes it: format`,
  )
})
