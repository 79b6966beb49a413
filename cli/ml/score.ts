/** `millrace ml score`: the score of every active user, in the lake and in PostgreSQL. */
import { randomUUID } from 'node:crypto'
import type { Lake } from '../../core/clients/lake.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { messageOf } from '../../core/errors.ts'
import type { Model } from '../../ml/model/read-model.ts'
import type { ScoreResult } from '../../ml/score/score-users.ts'
import { defineCommand } from '../command.ts'
import { openConfiguredLake, openContext, postgresUrlOf } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { formatCount, openProgress, type Progress } from '../progress.ts'
import { loadDeployed } from './champion.ts'

export const mlScoreCommand = defineCommand({
  command: 'score',
  describe: 'Score every active user by the deployed model, and publish the scores',
  builder: (yargs) =>
    yargs
      .option('publish', {
        type: 'boolean',
        default: true,
        describe: 'Into PostgreSQL too; not with --no-publish',
      })
      .option('format', formatOption)
      .example('$0 ml score', 'what a CronJob runs after each build of the features'),
  handler: async (args) => {
    const { config } = openContext(args)
    if (args.publish) await postgresUrlOf(config) // what is missing shows before anything is scored
    const { model } = await loadDeployed(config)
    return await withInterrupt(async (signal) => {
      await using lake = await openConfiguredLake(config)
      const progress = openProgress(process.stderr)
      try {
        const run = { config, lake, model, signal, progress, publishes: args.publish }
        printRows([await recorded(run)], args.format)
        return 0
      } finally {
        progress.clear()
      }
    })
  },
})

type Run = {
  readonly config: Config
  readonly lake: Lake
  readonly model: Model
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly publishes: boolean
}

/** Scores and publishes, and writes down how that ended, well or not. */
async function recorded(run: Run) {
  const { lake, model } = run
  const started = performance.now()
  const base = { run_id: randomUUID(), model_name: model.name, model_version: model.version }
  const { record } = await import('../../ml/records/record.ts')
  const end = (fields: object) =>
    record(lake, 'ml_score_runs', {
      ...base,
      ...fields,
      elapsed_ms: Math.round(performance.now() - started),
    })
  let scored: ScoreResult | undefined
  try {
    const { scoreUsers } = await import('../../ml/score/score-users.ts')
    scored = await scoreUsers({
      ...run,
      clock: systemClock,
      onProgress: (rows) => run.progress.update(`scored ${formatCount(rows)} users`),
    })
    const published = run.publishes ? await publish(run) : undefined
    const row = rowOf(scored)
    await end({ ...row, rows_published: published?.rows })
    return { ...base, ...row, published: published?.outcome ?? 'not' }
  } catch (error) {
    const failed = { outcome: 'failed', reason: messageOf(error) }
    const scoredAt = new Date().toISOString()
    const about = scored === undefined ? { scored_at: scoredAt } : rowOf(scored)
    // What went wrong counts, not that it cannot be written down either.
    await end({ ...about, ...failed }).catch(() => {})
    throw error
  }
}

function rowOf({ asOf, rows, meanScore, outcome, scoredAt }: ScoreResult) {
  return {
    as_of: asOf,
    rows_scored: rows,
    mean_score: meanScore,
    outcome,
    scored_at: scoredAt,
  }
}

/** Readers see all the old scores or all the new ones; the same scores again change nothing. */
async function publish({ config, lake, signal }: Run) {
  const { publishRelations } = await import('../../transform/publish/publish.ts')
  const { predictionSchema, predictionTable } = await import('../../ml/score/prediction-tables.ts')
  const { api, postgres } = config.settings
  const request = {
    model: predictionTable,
    source: { schema: predictionSchema, table: predictionTable },
    table: api.predictions.table,
    strategy: 'swap',
    uniqueKey: ['user_id'],
    indexes: [],
    grants: {},
    api: true,
    roles: api.predictions.roles,
    description: 'The newest score of each active user, by `millrace ml score`.',
    columnDescriptions: {
      user_id: 'Key.',
      score: 'Probability of a purchase within the horizon of the model.',
      model_name: 'Model that gave the score.',
      model_version: 'Its version.',
      as_of: 'Events before this instant were known.',
      scored_at: 'When the score was computed.',
    },
  } as const
  const [result] = await publishRelations([request], {
    lake,
    postgresUrl: await postgresUrlOf(config),
    schema: postgres.schema,
    signal,
  })
  return result
}
