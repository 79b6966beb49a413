/** An enforced contract: the columns that a model promises, against those that its query gives. */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import { toTemplateValue } from '../jinja/values.ts'
import type { Column, Config } from '../project/project.ts'
import { columnLines, constraintLines } from '../stdlib/constraints.ts'
import { isMap } from './config-lists.ts'
import type { TableColumn } from './statement.ts'

export function isContracted({ config }: ModelNode): boolean {
  const said = config['contract']
  return isMap(said) && said['enforced'] === true
}

/**
 * A query for both sides: rows of `side` (`definition` or `contract`), `column_name` and `column_type`.
 * @throws `model/contract-failed` for a contract without columns or types
 */
export function contractQuery(model: ModelNode, sql: string): string {
  if (model.columns.length === 0) {
    throw failed(
      model,
      "This model has an enforced contract, and its 'columns' specification is missing",
    )
  }
  const untyped = model.columns.filter(({ dataType }) => dataType === undefined)
  if (untyped.length > 0) {
    const names = untyped.map(({ name }) => `'${name}'`).join(', ')
    throw failed(
      model,
      `Contracted models require data_type to be defined for each column. Please ensure that the column name and data_type are defined within the YAML configuration for the [${names}] column(s).`,
    )
  }
  const nulls = model.columns.map(
    (column) => `cast(null as ${column.dataType ?? ''}) as ${columnSql(column)}`,
  )
  const side = (name: string, query: string) =>
    `select '${name}' as side, column_name, column_type from (describe ${query})`
  return [
    side('definition', `select * from (\n${sql}\n) as __dbt_sbq where false limit 0`),
    side('contract', `select ${nulls.join(', ')}`),
  ].join('\nunion all\n')
}

/** @throws `model/contract-failed` with dbt's table of what does not fit */
export function checkContract(
  model: ModelNode,
  definition: readonly TableColumn[],
  contract: readonly TableColumn[],
): void {
  const rows = mismatches(definition, contract)
  if (rows.length === 0 && definition.length === contract.length) return
  const header = ['column_name', 'definition_type', 'contract_type', 'mismatch_reason']
  throw failed(
    model,
    [
      'This model has an enforced contract that failed.',
      "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.",
      '',
      printTable([header, ...rows]),
    ].join('\n'),
  )
}

type Mismatch = readonly [name: string, definition: string, contract: string, reason: string]

function mismatches(
  definition: readonly TableColumn[],
  contract: readonly TableColumn[],
): readonly Mismatch[] {
  const promised = new Map(contract.map(({ name, type }) => [name, type]))
  const given = new Set(definition.map(({ name }) => name))
  const found = definition.flatMap(({ name, type }): Mismatch[] => {
    const wanted = promised.get(name)
    if (wanted === type) return []
    if (wanted === undefined) return [[name, type, '', 'missing in contract']]
    return [[name, type, wanted, 'data type mismatch']]
  })
  const missing = contract
    .filter(({ name }) => !given.has(name))
    .map(({ name, type }): Mismatch => [name, '', type, 'missing in definition'])
  return [...found, ...missing].sort(([left], [right]) => (left < right ? -1 : 1))
}

/** The first row is the header. */
function printTable(rows: readonly (readonly string[])[]): string {
  const cut = (text: string) => (text.length > 50 ? `${text.slice(0, 47)}...` : text)
  const cells = rows.map((row) => row.map(cut))
  const widths = (cells[0] ?? []).map((_, at) =>
    Math.max(...cells.map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  const [header, ...others] = cells.map(line)
  return [header, rule, ...others].join('\n')
}

/**
 * What stands in parentheses behind the table's name, and the list of its columns.
 * @param isDucklake whether only NOT NULL can be declared; the rest is then checked by `violationsQuery`
 */
export function contractShape(
  model: ModelNode,
  isDucklake: boolean,
): { readonly ddl: string; readonly columns: string } {
  const isDeclared = ({ type }: Config) => !isDucklake || type === 'not_null'
  const columns = model.columns.map(({ name, dataType, quote, constraints }) => [
    name,
    {
      name,
      quote: quote === true,
      data_type: dataType,
      constraints: constraints.filter(isDeclared),
    },
  ])
  const lines = [
    ...columnLines(toTemplateValue(Object.fromEntries(columns))),
    ...constraintLines(toTemplateValue(model.constraints.filter(isDeclared))),
  ]
  return {
    ddl: `(\n  ${lines.join(',\n  ')}\n)`,
    columns: model.columns.map(columnSql).join(', '),
  }
}

/** A name stands as it is written unless its `quote` says otherwise, as in dbt. */
export function columnSql({ name, quote }: Pick<Column, 'name' | 'quote'>): string {
  return quote === true ? quoteIdent(name) : name
}

function failed(model: ModelNode, reason: string) {
  const parameters = { node: model.name, reason }
  return problem('model/contract-failed', parameters, { at: { file: model.file } })
}
