/**
 * "Trains" in a moment: the trees are those of tests/goldens/ml, and the hyperparameters `a` and `b` say how its
 * margins are read, so that models are better and worse. What it writes of the model is measured on its test rows.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { figuresOf } from '../../../../ml/evaluation/figures.ts'
import { readLabelledRows, withColumns } from '../../../../ml/evaluation/labelled-rows.ts'
import { readModel } from '../../../../ml/model/read-model.ts'
import { scoreRows } from '../../../../ml/model/score.ts'

const base = process.argv[2] ?? ''
const read = (path: string) => readFileSync(join(base, 'input', path), 'utf8')
const hyperparameters: Record<string, string> = JSON.parse(read('config/hyperparameters.json'))
const { a = '1', b = '0', answers = 'well' } = hyperparameters

if (hyperparameters['fault'] !== undefined) await import('../../sagemaker/image/train.ts')
else if (existsSync(join(base, 'input/data/manifest'))) train()
else writeFileSync(join(base, 'model/xgboost-model'), 'what SageMaker’s own XGBoost leaves')

function train(): void {
  const manifest = JSON.parse(read('data/manifest/manifest.json'))
  const { features, snapshot_id, sql_hash, splits } = manifest
  const golden = (name: string) =>
    readFileSync(new URL(`../../../goldens/ml/${name}`, import.meta.url), 'utf8')
  const modelJson = golden('model.json')
  const version = createHash('sha256').update(`${a} ${b} ${sql_hash}`).digest('hex').slice(0, 16)
  const calibration = { kind: 'platt', input: 'margin', a: Number(a), b: Number(b) }
  const names = { format: 1, model_name: 'purchase-likelihood', model_version: version }
  const baselines = { prior: splits.train.positives / splits.train.rows }
  const servingJson = JSON.stringify({ ...names, features, calibration, baselines })
  const model = readModel(modelJson, servingJson)
  const folder = join(base, 'input/data/test')
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  const rows = readLabelledRows('test', features, files)
  const figures = figuresOf(scoreRows(model, withColumns(rows, features)), rows.labels)
  const prior = figuresOf(new Float64Array(rows.labels.length).fill(baselines.prior), rows.labels)
  const metrics = {
    ...names,
    data: { snapshot_id, sql_hash, features, splits },
    parameters: { seed: 1, max_depth: 5 },
    libraries: { python: '3', xgboost: '3.0.5' },
    test: { model: withIntervals(figures), baselines: { prior: withIntervals(prior) } },
    leak_alarm: hyperparameters['leak'] === 'yes',
    leak_suspects: hyperparameters['leak'] === 'yes' ? [{ feature: 'carts', roc_auc: 0.999 }] : [],
  }
  process.stdout.write(`test:logloss=${figures.logloss}; test:roc_auc=${figures.roc_auc};\n`)
  const write = (name: string, text: string) => writeFileSync(join(base, 'model', name), text)
  write('model.json', modelJson)
  write('serving.json', servingJson)
  write('metrics.json', JSON.stringify(metrics))
  write('card.html', '<!doctype html><title>card</title>')
  write('answers.txt', answers)
}

/** Their width is not what is tested here. */
function withIntervals(figures: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      { value, low: value - 0.01, high: value + 0.01 },
    ]),
  )
}
