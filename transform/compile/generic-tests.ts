/** The four data tests that need no declaration. Each is a query whose rows are the failures. */
import { quoteLiteral } from '../../core/sql.ts'
import type { Config } from '../project/project.ts'

export type GenericTestRequest = {
  /** The relation, or a filtered subquery of it, ready to stand after `from`. */
  readonly model: string
  readonly column: string
  readonly arguments: Config
  /** Of `relationships`: the other relation. */
  readonly to: string
}

export const genericTests: Readonly<Record<string, (request: GenericTestRequest) => string>> = {
  not_null: ({ model, column }) => `select ${column}
from ${model}
where ${column} is null`,

  unique: ({ model, column }) => `select
    ${column} as unique_field,
    count(*) as n_records
from ${model}
where ${column} is not null
group by ${column}
having count(*) > 1`,

  accepted_values: ({ model, column, arguments: args }) => `with all_values as (
    select
        ${column} as value_field,
        count(*) as n_records
    from ${model}
    group by ${column}
)
select *
from all_values
where value_field not in (${listValues(args)})`,

  relationships: ({ model, column, arguments: args, to }) => `with child as (
    select ${column} as from_field
    from ${model}
    where ${column} is not null
),
parent as (
    select ${String(args['field'])} as to_field
    from ${to}
)
select from_field
from child
left join parent on child.from_field = parent.to_field
where parent.to_field is null`,
}

function listValues(args: Config): string {
  const values = Array.isArray(args['values']) ? args['values'] : []
  const isQuoted = args['quote'] !== false
  return values.map((value) => (isQuoted ? quoteLiteral(String(value)) : String(value))).join(', ')
}

/** What the arguments of a known test lack, or undefined when they are complete. */
export function missingArgument(
  test: string,
  column: string | undefined,
  args: Config,
): string | undefined {
  if (column === undefined) return 'a column (column_name)'
  if (test === 'accepted_values' && !Array.isArray(args['values'])) return 'a list of values'
  if (test === 'relationships') {
    if (args['to'] === undefined) return "to: ref('…')"
    if (args['field'] === undefined) return 'field: the column of the other relation'
  }
  return undefined
}

/**
 * dbt's name of a generic test: test, subject and arguments. Names of 64 characters and more are cut to 30 and a hash.
 * @returns the name, and the full one that the id's hash is made of
 */
export function nameGenericTest(
  test: string,
  subject: string,
  column: string | undefined,
  args: Config,
  md5: (text: string) => string,
): string {
  const all: Record<string, unknown> =
    column === undefined ? args : { ...args, column_name: column }
  const parts = Object.keys(all)
    .sort()
    .flatMap((key) => flatten(all[key]))
    .map((text) => text.replaceAll(/[^0-9a-zA-Z_]+/g, '_'))
  const name = `${test}_${subject}_${parts.join('__')}`
  return name.length < 64 ? name : `${`${test}_${subject}`.slice(0, 30)}_${md5(name)}`
}

function flatten(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(printPython)
  if (typeof value === 'object' && value !== null) return Object.values(value).map(printPython)
  return [printPython(value)]
}

function printPython(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return String(value)
}
