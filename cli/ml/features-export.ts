/** `millrace features export`: labelled features of one snapshot to S3, split by time, for training. */
import { problem } from '../../core/problems.ts'
import type { Exported } from '../../ml/features/export.ts'
import { type SplitName, splitNames } from '../../ml/features/splits.ts'
import type { RecordRow } from '../../ml/records/tables.ts'
import { defineCommand } from '../command.ts'
import { openContext } from '../context.ts'
import { withInterrupt } from '../interrupt.ts'
import { formatOption } from '../options.ts'
import { printRows } from '../output.ts'
import { formatCount, openProgress } from '../progress.ts'
import { logicOfProject } from '../runner/logic-of-project.ts'
import { profileOptions } from '../runner/options.ts'
import { openStandingLake } from '../standing-lake.ts'
import { recordRow } from './clients.ts'
import { openFeatureProject, requireNoLeaks } from './feature-project.ts'
import { withObjects } from './objects.ts'
import { placesOf } from './options.ts'
import { checkSqlOfRows } from './sql-of-rows.ts'

const number = (describe: string) => ({ type: 'number', describe, requiresArg: true }) as const
const model = (describe: string) => ({ type: 'string', describe, requiresArg: true }) as const

export const featuresExportCommand = defineCommand({
  command: 'export',
  describe: 'Labelled features of one snapshot to S3, split by time, for training',
  builder: (yargs) =>
    yargs
      .option('features', { ...model('Model of the features'), default: 'user_purchase_features' })
      .option('labels', { ...model('Model of the labels'), default: 'user_purchase_labels' })
      .option('snapshot', number('Of the lake (default: the newest)'))
      .option('every-days', number('Days between as-of instants (default: the horizon)'))
      .option('warm-up-days', {
        ...number('Instants within so many days after the first one are left out'),
        default: 14,
      })
      .option('validation-share', { ...number('Of the instants, the ones before'), default: 0.2 })
      .option('test-share', { ...number('Of the instants, the latest'), default: 0.2 })
      .option('vars', profileOptions.vars)
      .option('format', formatOption)
      .example('$0 features export', 'what `millrace ml train` takes')
      .example('$0 features export --every-days 1', 'seven times the rows, whose labels overlap'),
  handler: async (args) => {
    const { config } = openContext(args)
    assertNumbers(args)
    const { findFeatureSet } = await import('../../ml/features/feature-set.ts')
    const { exportFeatures } = await import('../../ml/features/export.ts')
    const { project, opened, sqlHashOf } = await openFeatureProject(config, args)
    requireNoLeaks(project)
    const set = findFeatureSet(project, args)
    const started = performance.now()
    const { lakeDatabase } = await import('../runner/project-database.ts')
    await using database = lakeDatabase(config)
    const { logicOf } = await logicOfProject(opened, database.target)
    const progress = openProgress(process.stderr)
    const { exportUri } = placesOf(config)
    const exported = await withInterrupt((signal) =>
      withObjects(config, async (objects) => {
        await using lake = await openStandingLake(config, { readOnly: true })
        const placeOf = (id: string) => ({
          fetch: (path: string) => objects.fetch(`${exportUri}/${id}/${path}`),
          put: (path: string, body: Uint8Array, contentType: string) =>
            objects.put(`${exportUri}/${id}/${path}`, body, contentType),
        })
        return await exportFeatures(lake, set, placeOf, {
          everyDays: args.everyDays,
          warmUpDays: args.warmUpDays,
          validationShare: args.validationShare,
          testShare: args.testShare,
          snapshot: args.snapshot,
          sqlHash: sqlHashOf(set),
          checkSql: (connection, snapshot) => {
            const { graph } = opened
            const place = { snapshot, isPast: args.snapshot !== undefined }
            const { catalog } = lake.options
            return checkSqlOfRows(connection, catalog, { graph, logicOf }, set, place)
          },
          signal,
          onProgress: ({ rows, ofRows }) =>
            progress.update(`exporting ${formatCount(rows)} of ${formatCount(ofRows)} rows`),
        })
      }).finally(() => progress.clear()),
    )
    const uri = `${exportUri}/${exported.manifest.export_id}`
    const elapsedMs = performance.now() - started
    await recordRow(config, 'ml_exports', toRecord(exported, uri, elapsedMs))
    printRows([summaryOf(exported, uri, elapsedMs)], args.format)
    return 0
  },
})

type Numbers = {
  readonly snapshot?: number | undefined
  readonly everyDays?: number | undefined
  readonly warmUpDays: number
  readonly validationShare: number
  readonly testShare: number
}

function assertNumbers(numbers: Numbers): void {
  const { snapshot, everyDays, warmUpDays, validationShare, testShare } = numbers
  const fail = (reason: string) =>
    problem('cli/bad-arguments', { reason, command: 'millrace features export' })
  const isShare = (value: number) => value > 0 && value < 1
  if (snapshot !== undefined && !(Number.isInteger(snapshot) && snapshot >= 0)) {
    throw fail('--snapshot takes the number of a snapshot')
  }
  if (everyDays !== undefined && !(everyDays > 0)) throw fail('--every-days takes a number above 0')
  if (!(warmUpDays >= 0)) throw fail('--warm-up-days takes a number from 0 on')
  if (!isShare(validationShare) || !isShare(testShare) || validationShare + testShare >= 1) {
    throw fail('--validation-share and --test-share take numbers above 0, together below 1')
  }
}

function sumOf({ manifest }: Exported, of: 'rows' | 'positives'): number {
  return splitNames.reduce((total, name) => total + manifest.splits[name][of], 0)
}

function toRecord(exported: Exported, uri: string, elapsedMs: number): RecordRow<'ml_exports'> {
  const { splits, ...manifest } = exported.manifest
  const rowsOf = (name: SplitName) => splits[name].rows
  const files = splitNames.flatMap((name) => splits[name].files)
  return {
    export_id: manifest.export_id,
    uri,
    snapshot_id: manifest.snapshot_id,
    sql_hash: manifest.sql_hash,
    features: manifest.features.length,
    train_rows: rowsOf('train'),
    validation_rows: rowsOf('validation'),
    test_rows: rowsOf('test'),
    positives: sumOf(exported, 'positives'),
    as_of_from: splits.train.as_of_from,
    as_of_to: splits.test.as_of_to,
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
    elapsed_ms: elapsedMs,
    exported_at: new Date().toISOString(),
  }
}

function summaryOf(exported: Exported, uri: string, elapsedMs: number) {
  const { manifest, wasThere } = exported
  const rows = sumOf(exported, 'rows')
  return {
    export_id: manifest.export_id,
    uri,
    outcome: wasThere ? 'was there already' : 'written',
    snapshot_id: manifest.snapshot_id,
    features: manifest.features.length,
    train_rows: manifest.splits.train.rows,
    validation_rows: manifest.splits.validation.rows,
    test_rows: manifest.splits.test.rows,
    positive_share: Number((sumOf(exported, 'positives') / rows).toFixed(4)),
    elapsed_ms: Math.round(elapsedMs),
  }
}
