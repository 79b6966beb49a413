/** Asks the real database what an endpoint is: parsed, typed, its columns and tables named; nothing of it is executed. */
import { z } from 'zod'
import { publishedContractSchema } from '../../core/contracts/published-table.ts'
import { isBlank, type SqlToken, tokenizeSql } from '../../core/sql-tokens.ts'
import { columnKindOf } from '../sources/column-kind.ts'
import { ledgerQuery } from '../sources/ledger.ts'
import type { Ask, Examined } from '../sources/postgres-source.ts'
import type { AnswerColumn, EndpointFacts, ReadRelation } from './facts.ts'
import type { Endpoint } from './parse-endpoint.ts'
import { maskPrefix, rowAlias } from './statement.ts'

/** What stands before the author's SQL in the statement that is examined, and after it. */
export const examinedPrefix = 'select * from (\n'

/** PostgreSQL's own errors point into `examinedPrefix` and the bound SQL. */
export async function examineEndpoint(
  endpoint: Endpoint,
  schema: string,
  ask: Ask,
): Promise<EndpointFacts> {
  const nothing = endpoint.sql.names.map(() => null)
  // LIMIT 0 plans the statement and reads nothing.
  const text = `${examinedPrefix}${endpoint.sql.text}\n) as ${rowAlias} limit 0`
  const { fields } = await ask(text, nothing)
  const hasLedger = await isLedgerThere(ask)
  const relations = await readRelations(ask, hasLedger)
  const columns = await readColumns(ask, fields, relations)
  const isMasked =
    endpoint.header.personal_data !== 'none' &&
    relations.some(({ personal }) => personal.length > 0)
  const isDecided = await isDecidedByTables(endpoint, ask)
  // What a view or a foreign table asks is not looked into.
  const isRepeatable = isDecided && relations.every(({ kind }) => /^[rpm]$/.test(kind))
  const isTaggable =
    hasLedger && relations.every(({ published }) => published?.isWholly === true) && isDecided
  return {
    schema,
    columns,
    relations: relations.map(withoutNumber),
    hasLedger,
    isMasked,
    isRepeatable,
    isTaggable,
  }
}

/**
 * The tables with personal data that the SQL reads past the masks: by a name with schema, or through a view. It is tried
 * with tables that are not there instead of those that are masked.
 */
export async function unmaskedTables(
  endpoint: Endpoint,
  facts: EndpointFacts,
  ask: Ask,
): Promise<readonly string[]> {
  const prefix = maskPrefix(facts, ({ name, columns }) => {
    const list = columns.map(
      (column) => `null::${column.type} as "${column.name.replaceAll('"', '""')}"`,
    )
    return `"${name.replaceAll('"', '""')}" as not materialized (select ${list.join(', ')})`
  })
  const nothing = endpoint.sql.names.map(() => null)
  await ask(`${prefix}${examinedPrefix}${endpoint.sql.text}\n) as ${rowAlias} limit 0`, nothing)
  const read = await readRelations(ask, facts.hasLedger)
  return read.filter(({ personal }) => personal.length > 0).map(({ name }) => name)
}

/** Every relation that was parsed or planned is locked until the transaction ends, also behind views. */
const lockedRelations = `select array_to_json(array_agg(distinct relation::bigint))::text from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation'
    and database = (select oid from pg_database where datname = current_database())`

async function isLedgerThere(ask: Ask): Promise<boolean> {
  const { rows } = await ask(ledgerQuery)
  return rows.length > 0
}

/** A domain may not take the NULL of a mask; what is behind it does. */
const baseType = `with recursive base(type, modifier, depth) as (
    select a.atttypid, a.atttypmod, 0
    union all select t.typbasetype, t.typtypmod, depth + 1
      from base join pg_type t on t.oid = base.type where t.typtype = 'd')
  select format_type(type, modifier) from base order by depth desc limit 1`

const relationSchema = z.object({
  relation: z.number(),
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), number: z.number() })).nullable(),
  strategy: z.string().nullable(),
  contract: publishedContractSchema.nullable(),
  hash: z.string().nullable(),
})

type NumberedRelation = ReadRelation & {
  readonly number: number
  readonly personalNumbers: readonly number[]
}

async function readRelations(ask: Ask, hasLedger: boolean): Promise<NumberedRelation[]> {
  const locked = (await ask(lockedRelations)).rows[0]?.[0] ?? '[]'
  const ledger = hasLedger
    ? 'left join millrace.published p on p.schema_name = n.nspname and p.table_name = c.relname'
    : 'left join (select null as strategy, null::jsonb as contract) p on false'
  const { rows } = await ask(
    `select json_build_object('relation', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
       'strategy', p.strategy, 'contract', p.contract,
       'hash', coalesce(jsonb_hash_extended(p.contract, 0), 0)::text,
       'columns', (select json_agg(json_build_object('name', a.attname, 'number', a.attnum,
           'type', (${baseType})) order by a.attnum)
         from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))::text
     from pg_class c join pg_namespace n on n.oid = c.relnamespace ${ledger}
     where c.oid in (select value::bigint from json_array_elements_text($1::json))
       and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
     order by n.nspname, c.relname`,
    [locked],
  )
  return rows
    .map(([json]) => relationSchema.parse(JSON.parse(json ?? '')))
    .filter(({ schema, name }) => !(schema === 'millrace' && name === 'published'))
    .map(toRelation)
}

function toRelation(row: z.output<typeof relationSchema>): NumberedRelation {
  const columns = row.columns ?? []
  const tagged = new Set(
    row.contract?.columns.filter(({ pii }) => pii).map(({ name }) => name.toLowerCase()),
  )
  const personal = columns.filter(({ name }) => tagged.has(name.toLowerCase()))
  return {
    number: row.relation,
    personalNumbers: personal.map(({ number }) => number),
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    columns: columns.map(({ name, type }) => ({ name, type })),
    personal: personal.map(({ name }) => name),
    published:
      row.strategy === null
        ? undefined
        : {
            contract: row.hash ?? '0',
            isWholly: row.strategy === 'swap',
            roles: row.contract?.roles ?? [],
          },
  }
}

function withoutNumber({
  number: _,
  personalNumbers: __,
  ...relation
}: NumberedRelation): ReadRelation {
  return relation
}

async function readColumns(
  ask: Ask,
  fields: Examined['fields'],
  relations: readonly NumberedRelation[],
): Promise<AnswerColumn[]> {
  const asked = fields.map(({ dataTypeID, dataTypeModifier }) => [dataTypeID, dataTypeModifier])
  const { rows } = await ask(
    `select json_build_object('name', b.typname, 'isArray', b.typcategory = 'A',
       'modifier', case when t.typtype = 'd' then t.typtypmod else (f.value->>1)::int end,
       'type', format_type(t.oid, (f.value->>1)::int))::text
     from json_array_elements($1::json) with ordinality f(value, place)
     join pg_type t on t.oid = (f.value->>0)::oid
     join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
     order by f.place`,
    [JSON.stringify(asked)],
  )
  return fields.map((field, index) => {
    const type = columnTypeSchema.parse(JSON.parse(rows[index]?.[0] ?? ''))
    const table = relations.find(({ number }) => number === field.tableID)
    return {
      name: field.name,
      kind: columnKindOf(type.name, type.isArray, type.modifier),
      type: type.type,
      isPersonal: table?.personalNumbers.includes(field.columnID) === true,
    }
  })
}

const columnTypeSchema = z.object({
  name: z.string(),
  isArray: z.boolean(),
  modifier: z.number(),
  type: z.string(),
})

/** What reads the clock, chance or the session, without being a volatile function. */
const passing =
  /^(now|current_\w+|localtime|localtimestamp|transaction_timestamp|statement_timestamp|session_user|user|pg_\w+|information_schema|millrace|age|set_config|txid_\w+)$/i
const passingTexts = /^(?:e?'|\$\w*\$)\s*(now|today|tomorrow|yesterday)/i

/** Tells whether nothing but parameters and tables decides the answer; `in`, `between` and `like` are operators, too. */
async function isDecidedByTables(endpoint: Endpoint, ask: Ask): Promise<boolean> {
  const tokens = tokenizeSql(endpoint.sql.text).filter((token) => !isBlank(token))
  const words = tokens.filter(({ kind }) => kind === 'word' || kind === 'quoted-name').map(nameOf)
  if (words.some((word) => passing.test(word))) return false
  // Of `U&"r\0061ndom"` the name is not known.
  if (words.includes('u') && tokens.some(({ text }) => text.startsWith('&'))) return false
  if (tokens.some(({ kind, text }) => kind === 'string' && passingTexts.test(text))) return false
  const { rows } = await ask(
    `select 1 from pg_proc where proname in (select json_array_elements_text($1::json))
       and (provolatile = 'v' or (oid >= 16384 and provolatile <> 'i'))
     union all
     select 1 from pg_operator o join pg_proc p on p.oid = o.oprcode
       where o.oid >= 16384 and p.provolatile = 'v'
         and (position(o.oprname in $2) > 0 or o.oprname in ('=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '~~*', '!~~*'))
     limit 1`,
    [JSON.stringify(words), endpoint.sql.text],
  )
  return rows.length === 0
}

/** The name that a token writes, as the database spells it: it makes small letters of A to Z alone. */
export function nameOf({ kind, text }: SqlToken): string {
  return kind === 'quoted-name' ? text.slice(1, -1).replaceAll('""', '"') : lowered(text)
}

function lowered(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
