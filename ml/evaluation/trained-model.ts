/** A trained model with everything that was written of it. */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'
import { readArchive, textOf } from '../model/read-archive.ts'
import { type Model, readModel } from '../model/read-model.ts'
import { type Baselines, baselinesSchema } from './baselines.ts'

const figure = z.object({ value: z.number(), low: z.number(), high: z.number() })
/** null where a figure needs both classes and there was one. */
const nullableFigure = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
})
const figures = z.object({
  roc_auc: nullableFigure,
  pr_auc: nullableFigure,
  logloss: figure,
  brier: figure,
  ece: figure,
  lift_at_10: nullableFigure,
})

const metricsSchema = z.object({
  model_name: z.string(),
  model_version: z.string(),
  data: z.object({
    snapshot_id: z.number(),
    sql_hash: z.string(),
    features: z.array(z.string()),
    splits: z.object({ test: z.object({ rows: z.number(), positives: z.number() }) }),
  }),
  parameters: z.record(z.string(), z.union([z.number(), z.string()])),
  libraries: z.record(z.string(), z.string()),
  test: z.object({ model: figures, baselines: z.record(z.string(), figures) }),
  leak_alarm: z.boolean(),
  leak_suspects: z.array(z.object({ feature: z.string(), roc_auc: z.number() })),
})

export type Metrics = z.output<typeof metricsSchema>

export type TrainedModel = {
  readonly model: Model
  readonly baselines: Baselines
  readonly metrics: Metrics
  /** As they are, for the registry. */
  readonly metricsJson: string
  readonly cardHtml: string
}

/** @throws `ml/model-damaged`, and what `readModel` throws */
export async function readTrainedModel(archive: Uint8Array): Promise<TrainedModel> {
  const files = await readArchive(archive)
  const servingJson = textOf(files, 'serving.json')
  const metricsJson = textOf(files, 'metrics.json')
  const serving = checked('serving.json', z.object({ baselines: baselinesSchema }), servingJson)
  return {
    model: readModel(textOf(files, 'model.json'), servingJson),
    baselines: serving.baselines,
    metrics: checked('metrics.json', metricsSchema, metricsJson),
    metricsJson,
    cardHtml: textOf(files, 'card.html'),
  }
}

function checked<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  text: string,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(file, text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const reason = `${issue?.path.join('.') || 'its content'}: ${issue?.message}`
  throw problem('ml/model-damaged', { file, reason }, { cause: parsed.error })
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw problem('ml/model-damaged', { file, reason: 'it is not JSON' }, { cause })
  }
}
