/**
 * The constraints of a contract that DuckLake cannot declare (check, unique, primary and foreign keys), as one query
 * that counts the rows which break them. It runs in the transaction that writes the rows, so what is published holds.
 */
import { quoteLiteral } from '../../core/sql.ts'
import type { ModelNode } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'
import { columnSql } from './contract.ts'
import { relationSql, tupleSql } from './statement.ts'

type Rule = {
  readonly type: string
  /** As they stand in SQL. */
  readonly columns: readonly string[]
  readonly said: Config
}

/** Constraints that nothing checks: those in the user's own words. */
export function uncheckedConstraints(model: ModelNode): string[] {
  return rulesOf(model)
    .filter((rule) => countsOf(rule, model, undefined).length === 0 && rule.type !== 'not_null')
    .map(({ type, columns }) => (columns.length === 0 ? type : `${type} (${columns.join(', ')})`))
}

/**
 * @param batch where the new rows are, when only they can break a rule; else the whole table is looked at
 * @returns a query for rows of `rule` and `violations`, without those that hold; undefined when there is nothing to ask
 */
export function violationsQuery(model: ModelNode, batch: string | undefined): string | undefined {
  const counts = rulesOf(model).flatMap((rule) => countsOf(rule, model, batch))
  if (counts.length === 0) return undefined
  return `select rule, violations from (\n${counts.join('\nunion all\n')}\n) where violations > 0`
}

function rulesOf({ columns, constraints }: ModelNode): Rule[] {
  const ofColumns = columns.flatMap((column) =>
    column.constraints.map((said) => ({
      type: String(said['type']),
      columns: [columnSql(column)],
      said,
    })),
  )
  const ofModel = constraints.map((said) => ({
    type: String(said['type']),
    columns: textsOf(said['columns']),
    said,
  }))
  return [...ofColumns, ...ofModel]
}

function countsOf(rule: Rule, model: ModelNode, batch: string | undefined): string[] {
  const table = relationSql(model.relation)
  const rows = batch ?? table
  const { type, columns, said } = rule
  const list = columns.join(', ')
  const isNull = columns.map((column) => `${column} is null`).join(' or ')
  const expression = typeof said['expression'] === 'string' ? said['expression'] : ''
  const count = (label: string, from: string) =>
    `select ${quoteLiteral(label)} as rule, count(*) as violations from ${from}`
  const repeated = () => {
    const touched =
      batch === undefined
        ? ''
        : ` and ${tupleSql(columns)} in (select ${tupleSql(columns)} from ${rows})`
    const groups = `select ${list} from ${table} where not (${isNull})${touched} group by ${list} having count(*) > 1`
    return `(${groups}) as repeated`
  }
  switch (type) {
    case 'check':
      return expression === ''
        ? []
        : [count(`check (${expression})`, `${rows} where not (${expression})`)]
    case 'unique':
      return list === '' ? [] : [count(`unique (${list})`, repeated())]
    case 'primary_key':
      if (list === '') return []
      return [
        count(`primary key (${list}): null`, `${rows} where ${isNull}`),
        count(`primary key (${list})`, repeated()),
      ]
    case 'foreign_key': {
      const target = targetOf(said, expression)
      if (target === undefined || list === '') return []
      const { to, toColumns } = target
      const pairs = columns.map(
        (column, at) => `parent.${toColumns[at] ?? column} = child.${column}`,
      )
      const filled = columns.map((column) => `child.${column} is not null`)
      const orphans = `${rows} as child where ${filled.join(' and ')} and not exists (select 1 from ${to} as parent where ${pairs.join(' and ')})`
      return [count(`foreign key (${list}) references ${to}`, orphans)]
    }
    default:
      return []
  }
}

/** `to` and `to_columns`, or an expression like `customers (id)`. */
function targetOf(said: Config, expression: string) {
  const toColumns = textsOf(said['to_columns'])
  if (typeof said['to'] === 'string' && toColumns.length > 0) return { to: said['to'], toColumns }
  const [, to, list] = /^\s*([^()]+?)\s*\(([^()]+)\)\s*$/.exec(expression) ?? []
  if (to === undefined || list === undefined) return undefined
  return { to, toColumns: list.split(',').map((name) => name.trim()) }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
