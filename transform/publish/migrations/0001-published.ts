/** The ledger of publishing. */
import type { SchemaMigration } from './schema-migration.ts'

export const ledgerMigration: SchemaMigration = {
  name: '0001-published',
  up: async (database) => {
    await database.raw(`
      create table if not exists millrace.published (
        schema_name text not null,
        table_name text not null,
        model text not null,
        strategy text not null,
        source_uuid text not null,
        snapshot bigint not null,
        watermark bigint not null,
        row_count bigint not null,
        fingerprint text not null,
        is_ours boolean not null,
        published_at timestamptz not null,
        primary key (schema_name, table_name)
      )`)
    await database.raw(`comment on table millrace.published is
      'One row per published table: which snapshot of which lake table it shows, and up to which rowid'`)
  },
  down: async (database) => {
    await database.raw('drop table if exists millrace.published')
  },
}
