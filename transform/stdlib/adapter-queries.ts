/** The methods of `adapter` that ask the engine or change it. While a project is parsed none of them does. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  type HostFunction,
  isTruthy,
  itemsOf,
  TemplateFault,
  Tuple,
  toText,
} from '../jinja/values.ts'
import {
  type AdapterContext,
  ask,
  callMacro,
  isNamed,
  relationArgument,
} from './adapter-context.ts'
import { ColumnValue, makeColumn } from './column-value.ts'
import { makeTable, responseOf } from './query-table.ts'
import { RelationValue } from './relation.ts'

type Query = {
  readonly run: (context: AdapterContext, args: Arguments) => Promise<unknown>
  /** What it answers while the project is parsed. */
  readonly parsed: () => unknown
}

const nothing = () => ''
const none = () => null
const noItems = () => []

export const adapterQueries: Readonly<Record<string, Query>> = {
  execute: { run: executeSql, parsed: () => new Tuple(['', makeTable({ columns: [], rows: [] })]) },
  add_query: { run: addQuery, parsed: nothing },
  get_columns_in_relation: { run: columnsInRelation, parsed: noItems },
  get_column_schema_from_query: { run: columnsOfQuery, parsed: noItems },
  get_missing_columns: { run: missingColumns, parsed: noItems },
  get_relation: { run: getRelation, parsed: none },
  already_exists: { run: alreadyExists, parsed: () => false },
  list_relations: { run: listRelations, parsed: noItems },
  list_relations_without_caching: { run: listRelations, parsed: noItems },
  list_schemas: { run: listSchemas, parsed: noItems },
  check_schema_exists: { run: schemaExists, parsed: () => false },
  is_ducklake: { run: isDuckLake, parsed: () => false },
  location_exists: { run: locationExists, parsed: () => false },
  catalog_supports_foreign_keys: { run: hasForeignKeys, parsed: () => false },
  existing_key_constraint_types: { run: keyConstraints, parsed: noItems },
  valid_snapshot_target: { run: validSnapshot, parsed: none },
  assert_valid_snapshot_target_given_strategy: { run: validSnapshot, parsed: none },
  get_incremental_strategy_macro: { run: strategyMacro, parsed: none },
  create_schema: { run: viaMacro('create_schema'), parsed: nothing },
  drop_schema: { run: viaMacro('drop_schema'), parsed: nothing },
  drop_relation: { run: typedViaMacro('drop_relation'), parsed: nothing },
  truncate_relation: { run: viaMacro('truncate_relation'), parsed: nothing },
  rename_relation: { run: viaMacro('rename_relation'), parsed: nothing },
  ensure_transaction: { run: begin, parsed: nothing },
  commit: { run: commit, parsed: nothing },
  commit_if_has_connection: { run: commit, parsed: nothing },
}

/** Each is a macro that a project may replace. */
function viaMacro(name: string): Query['run'] {
  return async (context, { positional, named }) => {
    await callMacro(context, name, ...positional, ...named.values())
    return ''
  }
}

function typedViaMacro(name: string): Query['run'] {
  return async (context, args) => {
    const relation = relationArgument(name, args.positional[0] ?? args.named.get('relation'))
    if (relation.kind === undefined) {
      throw new TemplateFault(
        `${name}() needs to know whether ${relation.text()} is a table or a view`,
      )
    }
    return await viaMacro(name)(context, args)
  }
}

async function executeSql(context: AdapterContext, args: Arguments): Promise<Tuple> {
  const given = bindNamed('execute', ['sql', 'auto_begin', 'fetch', 'limit'], args)
  if (isTruthy(given['auto_begin'] ?? false)) await begin(context)
  const result = await ask(context, toText(given['sql']))
  const isWanted = isTruthy(given['fetch'] ?? false)
  const seen = isWanted ? result : { columns: [], rows: [] }
  const response = responseOf('OK', null, result.rowsChanged ?? null)
  return new Tuple([response, makeTable(seen, context.print)])
}

async function begin({ database }: AdapterContext): Promise<string> {
  await database?.begin?.()
  return ''
}

async function commit({ database }: AdapterContext): Promise<string> {
  await database?.commit?.()
  return ''
}

async function addQuery(context: AdapterContext, args: Arguments): Promise<Tuple> {
  const parameters = ['sql', 'auto_begin', 'bindings', 'abridge_sql_log']
  const given = bindNamed('add_query', parameters, args)
  if (given['bindings'] != null) {
    throw new TemplateFault(
      'add_query() with bindings is not available; write the values into the query',
    )
  }
  await ask(context, toText(given['sql']))
  return new Tuple([null, null])
}

async function columnsInRelation(context: AdapterContext, args: Arguments): Promise<unknown> {
  const given = bindNamed('get_columns_in_relation', ['relation'], args)
  const relation = relationArgument('get_columns_in_relation', given['relation'])
  try {
    return await callMacro(context, 'get_columns_in_relation', relation)
  } catch (error) {
    // A relation that is not there has no columns: templates ask before they make it.
    if (error instanceof Error && /does not exist/i.test(error.message)) return []
    throw error
  }
}

async function columnsOfQuery(
  context: AdapterContext,
  { positional }: Arguments,
): Promise<ColumnValue[]> {
  const { rows } = await ask(context, `describe (${toText(positional[0])})`)
  return rows.flatMap(([name, type]) =>
    makeColumn({ name: String(name), type: String(type) }).flatten(),
  )
}

async function columnNames(context: AdapterContext, relation: unknown): Promise<ColumnValue[]> {
  const found = await columnsInRelation(context, { positional: [relation], named: new Map() })
  return itemsOf(found).filter((column) => column instanceof ColumnValue)
}

async function missingColumns(context: AdapterContext, args: Arguments): Promise<ColumnValue[]> {
  const given = bindNamed('get_missing_columns', ['from_relation', 'to_relation'], args)
  const known = await columnNames(context, given['to_relation'])
  const names = new Set(known.map(({ fields }) => fields.name))
  return (await columnNames(context, given['from_relation'])).filter(
    ({ fields }) => !names.has(fields.name),
  )
}

async function findRelations(
  context: AdapterContext,
  catalog: unknown,
  schema: unknown,
  name?: unknown,
): Promise<RelationValue[]> {
  const database = catalog == null ? context.catalog : toText(catalog)
  const only = name === undefined ? '' : ` and ${isNamed('table_name', toText(name))}`
  const { rows } = await ask(
    context,
    `select table_schema, table_name, table_type from system.information_schema.tables
     where ${isNamed('table_catalog', database)} and ${isNamed('table_schema', toText(schema))}${only}
     order by table_name`,
  )
  return rows.map(([found, table, type]) => {
    const relation = { catalog: database, schema: String(found), name: String(table) }
    return new RelationValue('', relation, type === 'VIEW' ? 'view' : 'table')
  })
}

async function getRelation(context: AdapterContext, args: Arguments): Promise<unknown> {
  const given = bindNamed('get_relation', ['database', 'schema', 'identifier'], args)
  const { database, schema, identifier } = given
  const [found] = await findRelations(context, database, schema, identifier)
  return found ?? null
}

async function alreadyExists(context: AdapterContext, { positional }: Arguments): Promise<boolean> {
  const [schema, name] = positional
  return (await findRelations(context, undefined, schema, name)).length > 0
}

async function listRelations(context: AdapterContext, args: Arguments): Promise<RelationValue[]> {
  const [first, second] = args.positional
  if (first instanceof RelationValue) {
    const { catalog, schema } = first.relation
    return await findRelations(context, catalog === '' ? undefined : catalog, schema)
  }
  const catalog = args.named.get('database') ?? first
  return await findRelations(context, catalog, args.named.get('schema') ?? second)
}

async function listSchemas(context: AdapterContext, args: Arguments): Promise<string[]> {
  const { database } = bindNamed('list_schemas', ['database'], args)
  const catalog = database == null ? context.catalog : toText(database)
  const { rows } = await ask(
    context,
    `select schema_name from system.information_schema.schemata where ${isNamed('catalog_name', catalog)}`,
  )
  return rows.map(([name]) => String(name))
}

async function schemaExists(context: AdapterContext, args: Arguments): Promise<boolean> {
  const { database, schema } = bindNamed('check_schema_exists', ['database', 'schema'], args)
  const catalog = database == null ? context.catalog : toText(database)
  const { rows } = await ask(
    context,
    `select 1 from system.information_schema.schemata
     where ${isNamed('catalog_name', catalog)} and ${isNamed('schema_name', toText(schema))}`,
  )
  return rows.length > 0
}

async function locationExists(
  context: AdapterContext,
  { positional }: Arguments,
): Promise<boolean> {
  try {
    await ask(context, `select 1 from '${toText(positional[0]).replaceAll("'", "''")}' where 1=0`)
    return true
  } catch (error) {
    if (error instanceof TemplateFault) return false
    throw error
  }
}

/** Whether a relation lives in a lake; asked of the engine where the target does not say. */
async function isDuckLake(
  context: AdapterContext,
  { positional: [relation] }: Arguments,
): Promise<boolean> {
  if (!(relation instanceof RelationValue) || relation.relation.catalog === '') return false
  const { catalog } = relation.relation
  if (context.engine.duckLakes !== undefined) return context.engine.duckLakes.includes(catalog)
  if (context.database === undefined) return false
  const { rows } = await ask(
    context,
    `select 1 from duckdb_databases() where ${isNamed('database_name', catalog)} and type = 'ducklake'`,
  )
  return rows.length > 0
}

async function hasForeignKeys(
  context: AdapterContext,
  { positional }: Arguments,
): Promise<boolean> {
  const catalog = toText(positional[0])
  const { rows } = await ask(
    context,
    `select 1 from duckdb_databases() where ${isNamed('database_name', catalog)} and type = 'duckdb'`,
  )
  return rows.length > 0
}

async function keyConstraints(
  context: AdapterContext,
  { positional }: Arguments,
): Promise<string[]> {
  const { relation } = relationArgument('existing_key_constraint_types', positional[0])
  const { rows } = await ask(
    context,
    `select distinct lower(replace(constraint_type, ' ', '_')) as type from duckdb_constraints()
     where ${isNamed('database_name', relation.catalog)} and ${isNamed('schema_name', relation.schema)}
       and ${isNamed('table_name', relation.name)}
       and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') order by type`,
  )
  return rows.map(([type]) => String(type))
}

/** A snapshot keeps its history in columns of its own; a table without them is not one. */
async function validSnapshot(context: AdapterContext, args: Arguments): Promise<null> {
  const parameters = ['relation', 'column_names', 'strategy']
  const {
    relation,
    column_names: names,
    strategy,
  } = bindNamed('valid_snapshot_target', parameters, args)
  const columns = await columnNames(context, relation)
  const known = new Set(columns.map(({ fields }) => fields.name.toLowerCase()))
  const keepsDeleted = strategy instanceof Map && strategy.get('hard_deletes') === 'new_record'
  const needed = ['dbt_scd_id', 'dbt_valid_from', 'dbt_valid_to'].concat(
    keepsDeleted ? 'dbt_is_deleted' : [],
  )
  const missing = needed
    .map((name) => toText((names instanceof Map ? names.get(name) : undefined) ?? name))
    .filter((name) => !known.has(name.toLowerCase()))
  if (missing.length === 0) return null
  throw new TemplateFault(
    `Snapshot target is missing configured columns (missing "${missing.join('", "')}")`,
  )
}

const builtInStrategies = ['append', 'delete+insert', 'merge', 'insert_overwrite', 'microbatch']
export const validStrategies = ['append', 'delete+insert', 'merge', 'microbatch']

async function strategyMacro(context: AdapterContext, args: Arguments): Promise<HostFunction> {
  const { strategy } = bindNamed(
    'get_incremental_strategy_macro',
    ['model_context', 'strategy'],
    args,
  )
  const name = strategy == null ? 'default' : toText(strategy)
  if (builtInStrategies.includes(name) && !validStrategies.includes(name)) {
    throw new TemplateFault(`The incremental strategy '${name}' is not valid for this adapter`)
  }
  const macro = `get_incremental_${name.replaceAll('+', '_')}_sql`
  const found = context.macro(macro)
  if (found !== undefined) return found
  throw new TemplateFault(`there is no macro ${macro} for the incremental strategy '${name}'`)
}
