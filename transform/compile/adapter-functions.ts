/** `adapter`: what templates ask of the engine. While a project is parsed nothing is asked and answers are empty. */
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  isTruthy,
  makeHostObject,
  TemplateFault,
  Tuple,
  toText,
} from '../jinja/values.ts'
import { makeColumn } from '../stdlib/column-value.ts'
import type { QueryResult, TemplateDatabase } from '../stdlib/database.ts'
import { makeTable } from '../stdlib/query-table.ts'
import { RelationValue } from './relation-value.ts'

type Context = {
  readonly execute: boolean
  /** The catalog of relations that name none. */
  readonly catalog: string
  readonly database: TemplateDatabase | undefined
  readonly dispatch: (args: Arguments) => unknown
}

export function adapterValue(context: Context): HostObject {
  const { execute, dispatch } = context
  const functions: Record<string, (args: Arguments) => unknown> = {
    dispatch,
    type: () => 'duckdb',
    quote: ({ positional }) => quoteIdent(toText(positional[0])),
    quote_as_configured: ({ positional }) => quoteIdent(toText(positional[0])),
    quote_seed_column: ({ positional: [column, config] }) =>
      config === false ? toText(column) : quoteIdent(toText(column)),
    execute: (args) => (execute ? executeSql(context, args) : new Tuple(['', null])),
    is_motherduck: () => false,
    verify_database: () => '',
    expand_target_column_types: () => '',
    get_hard_deletes_behavior: ({ positional: [config] }) => {
      const asked = config instanceof Map ? config.get('hard_deletes') : undefined
      return asked == null ? 'ignore' : toText(asked)
    },
  }
  for (const name of ['cache_added', 'cache_dropped', 'cache_renamed']) functions[name] = () => ''
  for (const [name, run] of Object.entries(queries)) {
    functions[name] = (args) => (execute ? run.run(context, args) : run.parsed())
  }
  const values = Object.entries(functions).map(([name, call]) => [
    name,
    new HostFunction(name, call),
  ])
  return makeHostObject(Object.fromEntries(values), () => '<Adapter duckdb>')
}

type Query = {
  readonly run: (context: Context, args: Arguments) => Promise<unknown>
  /** What it answers while the project is parsed. */
  readonly parsed: () => unknown
}

const queries: Readonly<Record<string, Query>> = {
  get_columns_in_relation: { run: columnsInRelation, parsed: () => [] },
  get_column_schema_from_query: { run: columnsOfQuery, parsed: () => [] },
  get_missing_columns: { run: missingColumns, parsed: () => [] },
  get_relation: { run: getRelation, parsed: () => null },
  list_relations: { run: listRelations, parsed: () => [] },
  list_relations_without_caching: { run: listRelations, parsed: () => [] },
  check_schema_exists: { run: schemaExists, parsed: () => false },
  create_schema: { run: createSchema, parsed: () => '' },
  drop_schema: { run: dropSchema, parsed: () => '' },
  drop_relation: { run: dropRelation, parsed: () => '' },
  truncate_relation: { run: truncateRelation, parsed: () => '' },
  rename_relation: { run: renameRelation, parsed: () => '' },
}

async function ask({ database }: Context, sql: string): Promise<QueryResult> {
  if (database === undefined) throw problem('model/no-database', { sql })
  try {
    return await database.query(sql)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemplateFault(`the query failed: ${reason}`, { cause })
  }
}

async function executeSql(context: Context, args: Arguments): Promise<Tuple> {
  const given = bindNamed('execute', ['sql', 'auto_begin', 'fetch', 'limit'], args)
  const result = await ask(context, toText(given['sql']))
  const table = isTruthy(given['fetch'] ?? false) ? makeTable(result) : null
  return new Tuple(['OK', table])
}

function relationArgument(name: string, value: unknown): RelationValue {
  if (value instanceof RelationValue) return value
  throw new TemplateFault(`${name}() takes a relation, such as ref('x') or this`)
}

async function columnsInRelation(context: Context, args: Arguments): Promise<HostObject[]> {
  const given = bindNamed('get_columns_in_relation', ['relation'], args)
  const { relation, kind } = relationArgument('get_columns_in_relation', given['relation'])
  if (kind === 'cte') return []
  const { rows } = await ask(
    context,
    `select column_name, data_type from duckdb_columns()
     where ${isNamed('database_name', relation.catalog)} and ${isNamed('schema_name', relation.schema)}
       and ${isNamed('table_name', relation.name)} order by column_index`,
  )
  return rows.map(([name, type]) => makeColumn({ name: String(name), type: String(type) }))
}

function isNamed(column: string, name: string): string {
  return `lower(${column}) = ${quoteLiteral(name.toLowerCase())}`
}

async function columnsOfQuery(context: Context, { positional }: Arguments): Promise<HostObject[]> {
  const { columns } = await ask(context, `select * from (${toText(positional[0])}\n) limit 0`)
  return columns.map(makeColumn)
}

async function missingColumns(context: Context, args: Arguments): Promise<unknown[]> {
  const given = bindNamed('get_missing_columns', ['from_relation', 'to_relation'], args)
  const columns = (relation: unknown) =>
    columnsInRelation(context, { positional: [relation], named: new Map() })
  const known = new Set((await columns(given['to_relation'])).map((column) => nameOf(column)))
  return (await columns(given['from_relation'])).filter((column) => !known.has(nameOf(column)))
}

function nameOf(column: HostObject): string {
  return toText(column.attribute('name')).toLowerCase()
}

async function findRelations(
  context: Context,
  catalog: unknown,
  schema: unknown,
  name?: unknown,
): Promise<RelationValue[]> {
  const database = catalog == null ? context.catalog : toText(catalog)
  const only = name === undefined ? '' : ` and ${isNamed('table_name', toText(name))}`
  const { rows } = await ask(
    context,
    `select table_schema, table_name, table_type from information_schema.tables
     where ${isNamed('table_catalog', database)} and ${isNamed('table_schema', toText(schema))}${only}
     order by table_name`,
  )
  return rows.map(([found, table, type]) => {
    const relation = { catalog: database, schema: String(found), name: String(table) }
    return new RelationValue('', relation, type === 'VIEW' ? 'view' : 'table')
  })
}

async function getRelation(context: Context, args: Arguments): Promise<RelationValue | null> {
  const given = bindNamed('get_relation', ['database', 'schema', 'identifier'], args)
  const { database, schema, identifier } = given
  const [found] = await findRelations(context, database, schema, identifier)
  return found ?? null
}

async function listRelations(context: Context, args: Arguments): Promise<RelationValue[]> {
  const [first, second] = args.positional
  if (first instanceof RelationValue) {
    return await findRelations(context, first.relation.catalog, first.relation.schema)
  }
  const catalog = args.named.get('database') ?? first
  return await findRelations(context, catalog, args.named.get('schema') ?? second)
}

async function schemaExists(context: Context, args: Arguments): Promise<boolean> {
  const given = bindNamed('check_schema_exists', ['database', 'schema'], args)
  const { rows } = await ask(
    context,
    `select 1 from information_schema.schemata where ${isNamed('catalog_name', toText(given['database']))}
       and ${isNamed('schema_name', toText(given['schema']))}`,
  )
  return rows.length > 0
}

function schemaOf({ relation }: RelationValue): string {
  return `${quoteIdent(relation.catalog)}.${quoteIdent(relation.schema)}`
}

async function createSchema(context: Context, { positional }: Arguments): Promise<string> {
  const relation = relationArgument('create_schema', positional[0])
  await ask(context, `create schema if not exists ${schemaOf(relation)}`)
  return ''
}

async function dropSchema(context: Context, { positional }: Arguments): Promise<string> {
  const relation = relationArgument('drop_schema', positional[0])
  await ask(context, `drop schema if exists ${schemaOf(relation)} cascade`)
  return ''
}

async function dropRelation(context: Context, { positional }: Arguments): Promise<string> {
  const relation = relationArgument('drop_relation', positional[0])
  await ask(context, `drop ${relation.kind} if exists ${relation.text()}`)
  return ''
}

async function truncateRelation(context: Context, { positional }: Arguments): Promise<string> {
  await ask(context, `delete from ${relationArgument('truncate_relation', positional[0]).text()}`)
  return ''
}

async function renameRelation(context: Context, { positional }: Arguments): Promise<string> {
  const [from, to] = positional.map((value) => relationArgument('rename_relation', value))
  if (from === undefined || to === undefined) {
    throw new TemplateFault('rename_relation() takes two relations')
  }
  const name = quoteIdent(to.relation.name)
  await ask(context, `alter ${from.kind} ${from.text()} rename to ${name}`)
  return ''
}
