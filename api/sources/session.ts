/** What holds in every session of the API, however the login, the database or the server are set up. */
import { quoteIdent } from '../../core/sql.ts'

/**
 * Statements that make a session read-only, in UTC, with names looked up in the schema. Values have to be written as
 * `formats/`, cursors and versions read them, and read as the lane writes them: `alter role … set datestyle` would make
 * other dates of them.
 */
export function sessionSql(schema: string): string {
  const settings = {
    default_transaction_read_only: 'on',
    timezone: "'UTC'",
    search_path: quoteIdent(schema),
    datestyle: "'ISO'",
    intervalstyle: "'postgres'",
    bytea_output: "'hex'",
    extra_float_digits: '1',
    array_nulls: 'on',
  }
  return Object.entries(settings)
    .map(([name, value]) => `set ${name} = ${value}`)
    .join('; ')
}
