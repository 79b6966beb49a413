/** `millrace ml ls`: versions, training jobs, deployments, exports. */
import { queryRows } from '../../core/clients/duckdb.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { RecordTable } from '../../ml/records/tables.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { formatOption } from '../options.ts'
import { type OutputRow, printRows } from '../output.ts'
import { openStandingLake } from '../standing-lake.ts'
import { withSageMaker } from './clients.ts'
import { placesOf } from './options.ts'

const kinds = ['versions', 'trainings', 'deployments', 'exports'] as const

const columns = {
  versions: [
    'version',
    'approval',
    'serves',
    'model_version',
    'log_loss',
    'roc_auc',
    'reason',
    'created_at',
  ],
  trainings: ['training_job', 'status', 'seconds', 'created_at'],
  deployments: [
    'recorded_at',
    'endpoint_name',
    'action',
    'version',
    'outcome',
    'reason',
    'seconds',
  ],
  exports: [
    'export_id',
    'train_rows',
    'validation_rows',
    'test_rows',
    'positives',
    'as_of_from',
    'as_of_to',
    'snapshot_id',
    'uri',
    'exported_at',
  ],
} as const

export const mlLsCommand = defineCommand({
  command: 'ls [what]',
  describe: 'Versions of the model, training jobs, deployments or exports, newest first',
  builder: (yargs) =>
    yargs
      .positional('what', { choices: kinds, default: kinds[0], describe: 'What to list' })
      .option('limit', { type: 'number', default: 20, describe: 'How many', requiresArg: true })
      .option('format', formatOption)
      .example('$0 ml ls', 'versions, what the gate said of each, and which one serves')
      .example('$0 ml ls trainings --limit 5', 'the last five jobs'),
  handler: async (args) => {
    if (!Number.isSafeInteger(args.limit) || args.limit < 1) {
      const reason = '--limit takes a whole number, 1 or more.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace ml ls' })
    }
    const { config } = openContext(args)
    const rows = await list[args.what](config, args.limit)
    printRows(rows, args.format, columns[args.what])
    return 0
  },
})

const list = { versions, trainings, deployments, exports }

async function versions(config: Config, limit: number): Promise<readonly OutputRow[]> {
  const { model, endpoint } = placesOf(config)
  const { describeVersion, listVersions } = await import('../../ml/registry/versions.ts')
  const { servedVersion } = await import('./deployments.ts')
  return await withSageMaker(config, async (clients) => {
    const served = await servedVersion(clients, endpoint, model)
    const summaries = (await listVersions(clients.control, model)).slice(0, limit)
    const rows = []
    for (const { ModelPackageArn: arn = '' } of summaries) {
      const version = await describeVersion(clients.control, arn)
      if (version === undefined) continue // deleted meanwhile
      const { metadata } = version
      rows.push({
        version: version.version,
        approval: version.approval,
        serves: served === version.version,
        model_version: metadata['model_version'],
        log_loss: numberOf(metadata['log_loss']),
        roc_auc: numberOf(metadata['roc_auc']),
        reason: version.reason,
        created_at: version.createdAt.toISOString(),
      })
    }
    return rows
  })
}

async function trainings(config: Config, limit: number): Promise<readonly OutputRow[]> {
  const { listTrainings } = await import('../../ml/training/list-trainings.ts')
  const { model } = placesOf(config)
  return await withSageMaker(config, async ({ control }) => {
    const jobs = await listTrainings(control, model, { limit })
    return jobs.map((job) => ({
      training_job: job.TrainingJobName,
      status: job.TrainingJobStatus,
      seconds: secondsBetween(job.CreationTime, job.TrainingEndTime),
      created_at: job.CreationTime?.toISOString(),
    }))
  })
}

function deployments(config: Config, limit: number): Promise<readonly OutputRow[]> {
  return newestRecords(config, 'ml_deployments', ['recorded_at'], limit)
}

function exports(config: Config, limit: number): Promise<readonly OutputRow[]> {
  const times = ['exported_at', 'as_of_from', 'as_of_to']
  // One that was asked for again has a row each time.
  const once =
    'qualify row_number() over (partition by kept.uri order by kept.exported_at desc) = 1'
  return newestRecords(config, 'ml_exports', times, limit, once)
}

/** Rows of a table of ops.ml_*, the newest by the first of its times first. */
async function newestRecords(
  config: Config,
  table: RecordTable,
  times: readonly string[],
  limit: number,
  once = '',
): Promise<readonly OutputRow[]> {
  const { hasRecords, recordRelation } = await import('../../ml/records/record.ts')
  const texts = times.map(
    (time) => `strftime(${time} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as ${time}`,
  )
  await using lake = await openStandingLake(config, { readOnly: true })
  return await lake.read(async (connection) => {
    if (!(await hasRecords(connection, table))) return []
    return await queryRows(
      connection,
      // By the column, not by its text of whole seconds.
      `select * replace (${texts.join(', ')}) from ${recordRelation(table)} as kept
       ${once} order by kept.${times[0]} desc limit ${limit}`,
    )
  })
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function secondsBetween(start: Date | undefined, end: Date | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined
  return Math.round((end.getTime() - start.getTime()) / 1000)
}
