/** An export of features whose labels come true by the recorded model of tests/goldens/ml, so that it is the best there is. */
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../../core/clients/s3.ts'
import { readModel } from '../../../ml/model/read-model.ts'
import { marginsOf } from '../../../ml/model/score.ts'
import { expected, modelJson, servingJson } from './golden-model.ts'

const model = readModel(modelJson, servingJson)

/** Writes an export below `ml/exports/<id>`, each split with `copies` times the 500 recorded rows. */
export async function putExport(
  store: ObjectStore,
  id: string,
  { copies = 3, without = [] as readonly string[] } = {},
): Promise<void> {
  const random = randomNumbers(7)
  const rows = Array.from({ length: copies }, () => expected.rows).flat()
  const values = Float32Array.from(rows.flat(), (one) => one ?? Number.NaN)
  const margins = marginsOf(model, values)
  const splits: Record<string, object> = {}
  for (const split of ['train', 'validation', 'test']) {
    let positives = 0
    const lines = rows.map((row, index) => {
      const isPositive = random() < 1 / (1 + Math.exp(-(margins[index] ?? 0)))
      positives += Number(isPositive)
      return [Number(isPositive), ...row.map((one) => one ?? '')].join(',')
    })
    const body = Buffer.from(`${lines.join('\n')}\n`)
    const path = `${split}/part-0.csv`
    if (!without.includes(split)) await store.put(`ml/exports/${id}/${path}`, body)
    const sha256 = createHash('sha256').update(body).digest('hex')
    splits[split] = {
      ...{ rows: lines.length, positives },
      as_of_from: '2026-01-01T00:00:00Z',
      as_of_to: '2026-02-01T00:00:00Z',
      files: [{ path, sha256, rows: lines.length }],
    }
  }
  const manifest = {
    format: 1,
    snapshot_id: 7,
    sql_hash: 'abc',
    features: model.features,
    label: 'purchased_within_7_days',
    horizon_days: 7,
    baseline_features: ['recency_days', 'sessions'],
    splits,
  }
  const body = Buffer.from(JSON.stringify(manifest))
  await store.put(`ml/exports/${id}/manifest/manifest.json`, body)
}

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
