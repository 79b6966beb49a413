/** What the routes of tables work with. */
import { randomBytes } from 'node:crypto'
import type { Log } from '../../core/log.ts'
import type { Settings } from '../../core/settings.ts'
import type { ExportLimits } from '../formats/stream-rows.ts'
import type { PostgresExports } from '../sources/postgres-exports.ts'
import { openPostgresExports } from '../sources/postgres-exports.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { openTableCatalog, type TableCatalog } from './catalog.ts'
import { type CursorSeal, createCursorSeal } from './cursor.ts'

export type TableService = {
  readonly catalog: TableCatalog
  readonly source: Pick<PostgresSource, 'rows'>
  readonly exports: PostgresExports
  readonly seal: CursorSeal
  readonly limits: ExportLimits
  readonly log: Log
}

export type TableSettings = Pick<
  Settings['api'],
  'cursor_secret' | 'max_exports' | 'export_rows' | 'export_bytes' | 'export_seconds'
>

export type TableServiceOptions = {
  readonly url: string
  readonly schema: string
  readonly source: Pick<PostgresSource, 'rows'>
  readonly log: Log
  readonly settings: TableSettings
}

/** Opens the connections of exports; the catalog is empty until it is loaded. Close it with `exports.close()`. */
export function openTableService(options: TableServiceOptions): TableService {
  const { url, schema, source, log, settings } = options
  const secret = settings.cursor_secret?.reveal()
  // Cursors of this process mean nothing to another replica, nor after a restart.
  if (secret === undefined) log.info({ event: 'tables.random-cursor-secret' })
  return {
    catalog: openTableCatalog(source, schema),
    source,
    log,
    exports: openPostgresExports({
      url,
      schema,
      maxAtOnce: settings.max_exports,
      timeoutMs: settings.export_seconds * 1000,
    }),
    seal: createCursorSeal(secret ?? randomBytes(32).toString('hex')),
    limits: { maxRows: settings.export_rows, maxBytes: settings.export_bytes },
  }
}
