/** Runs a unit test: the model's SQL over the rows of the test, compared with the rows that it must give. */

import type { Row } from '../../core/clients/duckdb.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { UnitTestNode } from '../compile/graph.ts'
import { injectCtes } from '../compile/inject-ctes.ts'
import type { UnitTestInput } from '../compile/render-unit-test.ts'
import type { TableColumn } from '../materialize/statement.ts'
import type { UnitTestRows } from '../project/project-others.ts'
import type { NodeContext } from '../run/node-context.ts'
import type { NodeStatus } from '../run/result.ts'
import type { TextRow } from './align-rows.ts'
import { rowsOf } from './csv-rows.ts'
import { expectedRows, fixtureSql } from './fixture-sql.ts'
import { inputColumns } from './input-columns.ts'
import { tableDiff } from './table-diff.ts'
import { askMacro, fixtureByMacro } from './unit-macros.ts'

type UnitTested = {
  readonly status: Extract<NodeStatus, 'pass' | 'fail'>
  readonly failures: number
  /** How the rows differ, as a table. */
  readonly message: string | undefined
}

type Context = Pick<NodeContext, 'session' | 'state' | 'renderer' | 'scratch'>

type Ask = (sql: string) => Promise<Row[]>

/**
 * @throws `model/compiler-error` when rows name columns that are not there, or the SQL does not run over them
 */
export async function runUnitTest(node: UnitTestNode, context: Context): Promise<UnitTested> {
  const { session, scratch, renderer } = context
  const code = await renderer.unitTest(node.id)
  const ctes: { name: string; sql: string }[] = []
  for (const input of code.inputs) {
    ctes.push({ name: input.cte, sql: await inputSql(input, context) })
  }
  const sql = injectCtes(code.sql, ctes)
  const note = (sent?: string) => renderer.noteUnitTest?.(node.id, { compiled: sql, sent })
  note()
  const compare = async (ask: Ask) => await compareRows(sql, code.expect, ask, note)
  const by = renderer.replacing(node.id)
  try {
    const compared =
      by === undefined
        ? await compareInMemory(sql, code.expect, scratch, note)
            .then((found) => found ?? compare((text) => scratch.query(text)))
            .catch((error: unknown) => {
              // Functions and extensions of the database itself are not in memory.
              if (!isUnknownName(error)) throw error
              return compare((text) => session.query(text))
            })
        : await compareAnswer(await askMacro(node, by, { ...code, sql }, context), session, note)
    const { table: diff } = compared
    if (diff === undefined) return { status: 'pass', failures: 0, message: undefined }
    return { status: 'fail', failures: 1, message: diffMessage(diff) }
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const reason = `An error occurred during execution of unit test '${node.name}'. There may be an error in the unit test definition: check the data types.\n${messageOf(cause).trim()}`
    throw problem('model/compiler-error', { reason }, { at: { file: node.file }, cause })
  }
}

function isUnknownName(error: unknown): boolean {
  return error instanceof Error && /^(Catalog|Binder) Error/.test(error.message)
}

function diffMessage(diff: string): string {
  return `\n\nactual differs from expected:\n\n${diff}\n`
}

async function inputSql(input: UnitTestInput, context: Context): Promise<string> {
  const { format, rows, target } = input
  if (format === 'sql') return typeof rows === 'string' ? rows : ''
  const own = await fixtureByMacro(input, context)
  if (own !== undefined) return own
  const columns = await inputColumns(input, context)
  if (rows === undefined && target?.kind === 'seed') {
    const cells = columns.map(
      ({ name, type }) => `cast(${quoteIdent(name)} as ${type}) as ${quoteIdent(name)}`,
    )
    return `select ${cells.join(', ')} from read_csv(${quoteLiteral(target.absolutePath)}, all_varchar = true, header = true)`
  }
  return fixtureSql(target?.name ?? input.input, rowsOf(input), columns)
}

/**
 * The model is bound once, where the rows say which columns they are of: what takes the time of a small test.
 * @returns undefined when the types have to be asked for
 */
async function compareInMemory(
  sql: string,
  expect: UnitTestRows,
  scratch: Pick<Context['scratch'], 'ask' | 'query'>,
  note: (sent: string) => void,
): Promise<Difference | undefined> {
  if (expect.format === 'sql') return undefined
  const rows = rowsOf(expect)
  const named = Object.keys(rows[0] ?? {}).map((name) => name.toLowerCase())
  if (named.length === 0) return undefined
  const names = named.map(quoteIdent)
  const order = (list: readonly string[]) => list.map((name) => `${name} nulls last`).join(', ')
  const asked = names.map((name, at) => `${name} as r${at}, ${name}::varchar as c${at}`)
  const actual = await scratch.ask(
    `select ${asked.join(', ')} from (\n${sql}\n) order by ${order(names.map((_, at) => `r${at}`))}`,
  )
  const all = named.map((name, at) => ({ name, type: actual.types[at * 2] ?? '' }))
  if (!all.every(({ type }) => plainType.test(type))) return undefined
  const { columns, sql: expected } = expectedRows(rows, all)
  note(bothSides(sql, expected, columns))
  const texts = columns.map(({ name }, at) => `${quoteIdent(name)}::varchar as c${at}`)
  const wanted = await scratch.query(
    `select ${texts.join(', ')} from (\n${expected}\n) as expected order by ${order(names.map((name) => `expected.${name}`))}`,
  )
  return differenceOf(columns, wanted, actual.rows, true)
}

/** Those that DuckDB calls the same wherever it names them. */
const plainType =
  /^(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|DATE|TIME|TIMESTAMP|UUID)$/

type Difference = { readonly table: string | undefined }

function bothSides(sql: string, expected: string, columns: readonly TableColumn[]): string {
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ')
  return `select ${names}, true as ${side} from (
${sql}
)
union all
select ${names}, false from (
${expected}
)`
}

/** @param isRaw the texts are those of DuckDB */
function differenceOf(
  columns: readonly TableColumn[],
  expected: readonly Row[],
  actual: readonly Row[],
  isRaw: boolean,
): Difference {
  const isTruth = columns.map(({ type }) => isRaw && type === 'BOOLEAN')
  const cell = (row: Row, at: number) => {
    const text = row[`c${at}`]
    if (typeof text !== 'string') return null
    // As Python prints it, for dbt does.
    return isTruth[at] ? text.charAt(0).toUpperCase() + text.slice(1) : text
  }
  const text = (row: Row): TextRow => columns.map((_, at) => cell(row, at))
  const names = columns.map(({ name }) => name.toLowerCase())
  return { table: tableDiff(names, expected.map(text), actual.map(text)) }
}

async function compareRows(
  sql: string,
  expect: UnitTestRows,
  ask: Ask,
  note: (sent: string) => void,
): Promise<Difference> {
  const all = await columnsOf(sql, ask)
  const { columns, expected } = expectedSql(expect, all)
  const both = bothSides(sql, expected, columns)
  note(both)
  return await differenceIn(both, columns, side, ask)
}

/** The same of the query that a macro has made of both sides. */
async function compareAnswer(
  both: string,
  session: Context['session'],
  note: (sent: string) => void,
): Promise<Difference> {
  note(both)
  const ask: Ask = (sql) => session.query(sql)
  const all = await columnsOf(both, ask)
  const columns = all.filter(({ name }) => name.toLowerCase() !== 'actual_or_expected')
  return await differenceIn(both, columns, "actual_or_expected = 'actual'", ask)
}

async function columnsOf(sql: string, ask: Ask): Promise<TableColumn[]> {
  const described = await ask(`describe (\n${sql}\n)`)
  return described.map((row) => {
    return { name: String(row['column_name']), type: String(row['column_type']) }
  })
}

/** @param isActual over a row of both sides: whether it is the model's */
async function differenceIn(
  both: string,
  columns: readonly TableColumn[],
  isActual: string,
  ask: Ask,
): Promise<Difference> {
  const order = [side, ...columns.map(({ name }) => `${quoteIdent(name)} nulls last`)]
  const rows = await ask(`with both_sides as (
${both}
)
select ${[...columns.map(textOf), `${isActual} as ${side}`].join(', ')} from both_sides
order by ${order.join(', ')}`)
  const [expected = [], actual = []] = [false, true].map((isActual) =>
    rows.filter((row) => (row[side] === true) === isActual),
  )
  return differenceOf(columns, expected, actual, false)
}

const side = 'is_actual'

function expectedSql(expect: UnitTestRows, all: readonly TableColumn[]) {
  if (expect.format === 'sql') {
    return { columns: all, expected: typeof expect.rows === 'string' ? expect.rows : '' }
  }
  const rows = rowsOf(expect)
  // None at all: as many columns as the model has, and no row.
  if (rows.length === 0) return { columns: all, expected: fixtureSql('expected output', [], all) }
  const { columns, sql } = expectedRows(rows, all)
  return { columns, expected: sql }
}

/** As Python prints it, for dbt does. */
function textOf({ name, type }: TableColumn, at: number): string {
  const column = quoteIdent(name)
  const text =
    type === 'BOOLEAN'
      ? `case when ${column} then 'True' when not ${column} then 'False' end`
      : `${column}::varchar`
  return `${text} as c${at}`
}
