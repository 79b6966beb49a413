/** Which rows of an export are of the same user: the Parquet files beside its CSV say it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDuckdb, queryRows } from '../../core/clients/duckdb.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Objects } from '../../ml/sagemaker/objects.ts'

/**
 * A number from 0 for each user, one a row, in the order of the CSV files.
 * @param channel `<export>/test/`, whose Parquet files are in `<export>/parquet/test/`
 * @param files the CSV files of the channel
 * @returns undefined for an export that has no Parquet files
 * @throws `ml/export-unreadable`
 */
export async function readUsers(
  config: Config,
  objects: Objects,
  channel: string,
  files: readonly string[],
): Promise<Uint32Array | undefined> {
  const [, root = '', split = ''] = /^(.*\/)([^/]+)\/?$/.exec(channel) ?? []
  const bodies = await Promise.all(
    files.map((file) => {
      const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.csv$/, '.parquet')
      return objects.fetch(`${root}parquet/${split}/${name}`)
    }),
  )
  const found = bodies.filter((body) => body !== undefined)
  if (found.length === 0) return undefined
  if (found.length < files.length) {
    const reason = `it has ${files.length} CSV files and ${found.length} of their Parquet files`
    throw problem('ml/export-unreadable', { uri: channel, reason })
  }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-users-'))
  try {
    const paths = found.map((_, index) => join(folder, `${String(index).padStart(8, '0')}.parquet`))
    await Promise.all(found.map((body, index) => writeFile(paths[index] ?? '', body)))
    return await usersOf(paths, join(config.cacheDir, 'duckdb-extensions'))
  } catch (cause) {
    const reason = 'its Parquet files cannot be read'
    throw problem('ml/export-unreadable', { uri: channel, reason }, { cause })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function usersOf(paths: readonly string[], extensionDirectory: string): Promise<Uint32Array> {
  await using duckdb = await openDuckdb({ extensionDirectory })
  const list = paths.map(quoteLiteral).join(', ')
  const rows = await duckdb.withConnection((connection) =>
    queryRows(
      connection,
      `select dense_rank() over (order by user_id) - 1 as user_number
       from read_parquet([${list}], filename = true, file_row_number = true)
       order by filename, file_row_number`,
    ),
  )
  return Uint32Array.from(rows, (row) => Number(row['user_number']))
}
