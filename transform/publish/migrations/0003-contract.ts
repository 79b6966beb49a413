/** What the API needs to know of a published table, beside the rows it describes. */
import type { SchemaMigration } from './schema-migration.ts'

export const contractMigration: SchemaMigration = {
  name: '0003-contract',
  up: async (database) => {
    await database.raw(`
      alter table millrace.published
        add column if not exists version bigint,
        add column if not exists as_of timestamptz,
        add column if not exists contract jsonb`)
    await database.raw(`comment on column millrace.published.version is
      'Snapshot of the lake in which the rows shown last changed'`)
    await database.raw(`comment on column millrace.published.as_of is
      'When the newest snapshot that the rows agree with was committed'`)
    await database.raw(`comment on column millrace.published.contract is
      'What readers are promised: roles, key, descriptions, columns with personal data'`)
  },
  down: async (database) => {
    await database.raw(`
      alter table millrace.published drop column version, drop column as_of, drop column contract`)
  },
}
