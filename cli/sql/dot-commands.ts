/** The prompt's own commands. */
import { quoteLiteral } from '../../core/sql.ts'
import { renderRows } from '../output.ts'
import type { Session } from './session.ts'

/** What the prompt remembers between lines. */
export type PromptState = { timer: boolean; quit: boolean }

const help = `.tables            the tables and views
.schema <table>    its columns
.timer on|off      print how long each statement took
.help              this
.quit              leave; so does Ctrl-D
Ctrl-C stops a running query. A statement ends with a semicolon and may span lines.
`

/** Runs one line that begins with a dot. */
export async function dotCommand(
  line: string,
  session: Session,
  state: PromptState,
  output: NodeJS.WritableStream,
): Promise<void> {
  const [name = '', argument = ''] = line.trim().replace(/;$/, '').split(/\s+/)
  switch (name) {
    case '.quit':
    case '.exit':
      state.quit = true
      return
    case '.help':
      output.write(help)
      return
    case '.timer':
      state.timer = argument === '' ? !state.timer : argument === 'on'
      output.write(`timer ${state.timer ? 'on' : 'off'}\n`)
      return
    case '.tables':
      output.write(await tables(session))
      return
    case '.schema':
      output.write(await schema(session, argument))
      return
    default:
      output.write(`unknown command ${name}; .help lists them\n`)
  }
}

async function tables(session: Session): Promise<string> {
  const rows = await session.query(
    `select schema_name as schema, table_name as name, 'table' as kind
     from duckdb_tables() where database_name = ${quoteLiteral(session.catalog)}
     union all
     select schema_name, view_name, 'view'
     from duckdb_views() where database_name = ${quoteLiteral(session.catalog)} and not internal
     order by all`,
  )
  return rows.length === 0
    ? 'no tables yet\n'
    : renderRows(rows, 'table', ['schema', 'name', 'kind'])
}

async function schema(session: Session, table: string): Promise<string> {
  if (table === '') return 'name a table: .schema marts.users\n'
  const [name = '', schemaName] = table.replaceAll('"', '').split('.').reverse()
  const inSchema = schemaName === undefined ? '' : `and schema_name = ${quoteLiteral(schemaName)}`
  const rows = await session.query(
    `select schema_name || '.' || table_name as table, column_name as column, data_type as type
     from duckdb_columns()
     where database_name = ${quoteLiteral(session.catalog)} and table_name = ${quoteLiteral(name)} ${inSchema}
     order by schema_name, column_index`,
  )
  if (rows.length === 0) return `there is no table ${table}; .tables lists them\n`
  return renderRows(rows, 'table', ['table', 'column', 'type'])
}
