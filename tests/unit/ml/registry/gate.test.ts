import { expect, it } from 'vitest'
import { checkRequest } from '../../../../local/sagemaker/api/check-request.ts'
import { loadServiceModel } from '../../../../local/sagemaker/api/service-model.ts'
import type { Comparison, Evaluation } from '../../../../ml/evaluation/evaluate.ts'
import type { Metrics } from '../../../../ml/evaluation/trained-model.ts'
import { judge } from '../../../../ml/registry/gate.ts'
import { packageRequest } from '../../../../ml/registry/register.ts'

const figures = { roc_auc: 0.8, pr_auc: 0.4, logloss: 0.3, brier: 0.1, ece: 0.01, lift_at_10: 3 }
const figure = (value: number) => ({ value, low: value - 0.01, high: value + 0.01 })
const written: Metrics['test']['model'] = {
  roc_auc: figure(0.8),
  pr_auc: figure(0.4),
  logloss: figure(0.3),
  brier: figure(0.1),
  ece: figure(0.01),
  lift_at_10: figure(3),
}
const metrics = {
  model_version: 'new',
  test: { model: written, baselines: {} },
  leak_alarm: false,
  leak_suspects: [],
}

const against = (value: number, low: number, high: number): Comparison => ({
  figures,
  improvement: { value, low, high },
})
const baselines = { prior: against(0.2, 0.18, 0.22), recency_frequency: against(0.1, 0.08, 0.12) }
const evaluation: Evaluation = { rows: 1000, figures, baselines }
const beside = (value: number, low: number, high: number): Evaluation => ({
  ...evaluation,
  champion: { version: 'old', ...against(value, low, high) },
})

it('approves a challenger that beats the champion beyond the interval', () => {
  expect(judge(metrics, beside(0.01, 0.004, 0.016))).toEqual({
    approval: 'Approved',
    reason: 'log loss is lower than that of the champion old by 0.01 (95 %: 0.004 to 0.016)',
  })
})

it.each([
  ['is better by chance', 0.01, -0.001, 0.02, /^no improvement of log loss over the champion old/],
  ['is only as good', 0, 0, 0, /^no improvement/],
  ['is worse', -0.02, -0.03, -0.01, /^log loss is higher than that of the champion old/],
])('rejects a challenger that %s', (_, value, low, high, reason) => {
  expect(judge(metrics, beside(value, low, high))).toEqual({
    approval: 'Rejected',
    reason: expect.stringMatching(reason),
  })
})

it('measures the first model by the strongest baseline', () => {
  expect(judge(metrics, evaluation)).toEqual({
    approval: 'Approved',
    reason:
      'the first model: log loss is lower than that of the baseline recency_frequency by 0.1 (95 %: 0.08 to 0.12)',
  })
  const weak = { ...baselines, recency_frequency: against(0.01, -0.01, 0.03) }
  expect(judge(metrics, { ...evaluation, baselines: weak })).toMatchObject({
    approval: 'Rejected',
    reason: expect.stringContaining('over the baseline recency_frequency'),
  })
})

it('rejects a model that knows the future, and names the features that do', () => {
  const leaking = {
    ...metrics,
    leak_alarm: true,
    leak_suspects: [{ feature: 'bought_next_week', roc_auc: 1 }],
  }
  const best = { ...beside(0.2, 0.1, 0.3), figures: { ...figures, roc_auc: 0.998 } }
  expect(judge(leaking, best)).toEqual({
    approval: 'Rejected',
    reason: 'leak alarm: ROC-AUC 0.998 is above 0.99; suspects: bought_next_week',
  })
  // Also when the image did not see it.
  expect(judge(metrics, best).approval).toBe('Rejected')
})

it('rejects a model whose test rows cannot tell whether it knows the future', () => {
  const oneClass = { ...beside(0.2, 0.1, 0.3), figures: { ...figures, roc_auc: Number.NaN } }
  expect(judge(metrics, oneClass)).toEqual({
    approval: 'Rejected',
    reason: 'all test rows have the same label',
  })
})

it('rejects figures that the test rows do not give', () => {
  const rosy = { ...evaluation, figures: { ...figures, logloss: 0.41 } }
  expect(judge(metrics, rosy)).toEqual({
    approval: 'Rejected',
    reason: 'metrics.json says log loss 0.3 on the test rows, and it is 0.41',
  })
})

it('rejects the champion itself, and one whose champion cannot be asked', () => {
  const itself = { ...evaluation, champion: { version: 'new', ...against(0, 0, 0) } }
  expect(judge(metrics, itself).reason).toBe('it is the champion itself: same trees, same data')
  const champion = { version: 'old', incomparable: `the export lacks ${'x'.repeat(300)}` }
  const { approval, reason } = judge(metrics, { ...evaluation, champion })
  expect(approval).toBe('Rejected')
  expect(reason).toMatch(/^the champion cannot be compared: the export lacks x+…$/)
  expect(reason).toHaveLength(256)
})

it('registers with what the service model of SageMaker takes, whatever the reason says', () => {
  const reason = 'the champion’s archive (100 %) cannot be read:\n\u{1f4a5} so; it ends'
  const uri = 's3://b/ml/exports/(e1)/train/'
  const DataSource = { S3DataSource: { S3DataType: 'S3Prefix' as const, S3Uri: uri } }
  const TrainingJobArn = 'arn:aws:sagemaker:eu-central-1:123456789012:training-job/j'
  const asked = packageRequest({
    origin: { project: 'shop', model: 'likely', snapshotId: 7, sqlHash: 'abc', gitSha: 'def' },
    job: {
      TrainingJobName: 'j',
      TrainingJobArn,
      InputDataConfig: [{ ChannelName: 'train', DataSource }],
    },
    imageUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/millrace-ml:3',
    algorithm: { kind: 'image' },
    artifactUri: 's3://b/ml/models/j/output/model.tar.gz',
    features: 3,
    approval: 'Rejected',
    reason,
  })
  expect(checkRequest(loadServiceModel(), 'CreateModelPackage', asked)).toEqual(asked)
  expect(asked.ModelPackageDescription).toBe(`Rejected: ${reason.replace('\n', ' ')}`)
  expect(asked.CustomerMetadataProperties).toMatchObject({ export_uri: 's3://b/ml/exports/_e1_' })
})
