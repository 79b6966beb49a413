/** Columns and constraints of a contract as DDL, in the words of DuckDB. */
import { quoteIdent } from '../../core/sql.ts'
import { isTruthy, itemsOf, TemplateFault, toRepr, toText } from '../jinja/values.ts'

type Constraint = {
  readonly type: string
  readonly name: string
  readonly expression: string
  readonly columns: readonly string[]
  readonly to: string
  readonly toColumns: readonly string[]
}

const kinds = new Set(['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom'])

/** @param columns `model['columns']`: what schema files say, by name @returns one line for each */
export function columnLines(columns: unknown): string[] {
  if (!(columns instanceof Map)) return []
  return [...columns.values()].map((column) => {
    if (!(column instanceof Map)) throw new TemplateFault(`${toRepr(column)} is no column`)
    const name = toText(column.get('name'))
    const shown = isTruthy(column.get('quote') ?? false) ? quoteIdent(name) : name
    const constraints = listOf(column.get('constraints')).map(readConstraint).map(columnConstraint)
    const type = toText(column.get('data_type') ?? null)
    return [`${shown} ${type}`, ...constraints.filter((text) => text !== '')].join(' ')
  })
}

/** @param constraints `model['constraints']` @returns one line for each that says something */
export function constraintLines(constraints: unknown): string[] {
  return listOf(constraints)
    .map(readConstraint)
    .map(modelConstraint)
    .filter((text) => text !== '')
}

function listOf(value: unknown): readonly unknown[] {
  return value == null ? [] : itemsOf(value)
}

function readConstraint(raw: unknown): Constraint {
  const read = (key: string): unknown => (raw instanceof Map ? raw.get(key) : undefined)
  const text = (key: string) => (read(key) == null ? '' : toText(read(key)))
  const type = text('type')
  if (!kinds.has(type)) throw new TemplateFault(`Could not parse constraint: ${toRepr(raw)}`)
  return {
    type,
    name: text('name'),
    expression: text('expression'),
    columns: listOf(read('columns')).map(toText),
    to: text('to'),
    toColumns: listOf(read('to_columns')).map(toText),
  }
}

const words: Readonly<Record<string, string>> = {
  not_null: 'not null',
  unique: 'unique',
  primary_key: 'primary key',
}

function columnConstraint({ type, expression, to, toColumns }: Constraint): string {
  switch (type) {
    case 'check':
      return expression === '' ? '' : `check (${expression})`
    case 'foreign_key':
      return `references ${target(to, toColumns) ?? expression}`
    case 'custom':
      return expression
    default:
      return `${words[type]} ${expression}`.trim()
  }
}

function modelConstraint(constraint: Constraint): string {
  const { type, name, expression, columns, to, toColumns } = constraint
  const prefix = name === '' ? '' : `constraint ${name} `
  const list = `(${columns.join(', ')})`
  switch (type) {
    case 'check':
      return expression === '' ? '' : `${prefix}check (${expression})`
    case 'unique':
    case 'primary_key':
      return `${prefix}${words[type]}${expression === '' ? '' : ` ${expression}`} ${list}`
    case 'foreign_key': {
      const found = target(to, toColumns) ?? expression
      return found === '' ? '' : `${prefix}foreign key ${list} references ${found}`
    }
    case 'custom':
      return expression === '' ? '' : prefix + expression
    default:
      return ''
  }
}

/** DuckDB takes no catalog in front of the table that a foreign key points at. */
function target(to: string, columns: readonly string[]): string | undefined {
  if (to === '' || columns.length === 0) return undefined
  const parts = to.split('.')
  const name = parts.length > 2 ? parts.slice(1).join('.') : to
  return `${name} (${columns.join(', ')})`
}
