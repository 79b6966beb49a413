/** Which export of features a command means, and what it holds. */
import { queryRows } from '../../core/clients/duckdb.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'
import type { ExportManifest } from '../../ml/training/export-manifest.ts'
import { openStandingLake } from '../standing-lake.ts'
import { placesOf } from './options.ts'

/**
 * The export that is meant by `latest`, an id or an address.
 * @throws `ml/no-export`, `ml/export-unreadable`, and what reading the lake or the store throws
 */
export async function findExport(
  config: Config,
  objects: Objects,
  wanted: string,
): Promise<{ readonly uri: string; readonly manifest: ExportManifest }> {
  const { manifestUri, parseManifest, withoutSlash } = await import(
    '../../ml/training/export-manifest.ts'
  )
  const uri = withoutSlash(await uriOf(config, wanted))
  const place = manifestUri(uri)
  const body = await objects.fetch(place)
  if (body === undefined) throw problem('ml/no-export', { what: `at ${uri}` })
  return { uri, manifest: parseManifest(place, Buffer.from(body).toString('utf8')) }
}

async function uriOf(config: Config, wanted: string): Promise<string> {
  if (wanted.startsWith('s3://')) return wanted
  if (wanted !== 'latest') return `${placesOf(config).exportUri}/${wanted}`
  const newest = await newestExport(config)
  if (newest === undefined) throw problem('ml/no-export', { what: 'in the records of the lake' })
  return newest
}

async function newestExport(config: Config): Promise<string | undefined> {
  const { hasRecords, recordRelation } = await import('../../ml/records/record.ts')
  await using lake = await openStandingLake(config, { readOnly: true })
  return await lake.read(async (connection) => {
    if (!(await hasRecords(connection, 'ml_exports'))) return undefined
    const newest = `select uri from ${recordRelation('ml_exports')} order by exported_at desc limit 1`
    const [row] = await queryRows(connection, newest)
    return row && String(row['uri'])
  })
}
