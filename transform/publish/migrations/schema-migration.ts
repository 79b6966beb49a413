/** What a migration is: it gets the schema it works in, because that is a setting. */
import type { Knex } from 'knex'

export type SchemaMigration = {
  readonly name: string
  readonly up: (database: Knex, schema: string) => Promise<void>
  readonly down: (database: Knex, schema: string) => Promise<void>
}
