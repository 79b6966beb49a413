/**
 * The four generic tests of dbt's own, known without rendering their macros: their text costs next to nothing then,
 * and several tests of one relation can be answered by one query.
 */
import { isHostObject, isTruthy, toTemplateValue, toText } from '../jinja/values.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import type { MacroLibrary } from './macros.ts'

type Asked =
  | { readonly test: 'not_null' | 'unique' }
  /** Values as they stand in SQL. */
  | { readonly test: 'accepted_values'; readonly values: readonly string[] }
  /** The other relation and its column, as they stand in SQL. */
  | { readonly test: 'relationships'; readonly to: string; readonly field: string }

export type StandardTest = Asked & {
  /** What is tested as it stands in SQL: a relation, or with the config `where` a subquery. */
  readonly from: string
  readonly column: string
}

const parameters: Readonly<Record<StandardTest['test'], readonly string[]>> = {
  not_null: ['column_name'],
  unique: ['column_name'],
  accepted_values: ['column_name', 'values', 'quote'],
  relationships: ['column_name', 'to', 'field'],
}

/** Whether a generic test means dbt's own macros, none of which a project or a package has replaced. */
export function isStandardTest(
  library: MacroLibrary,
  test: string,
  namespace: string | undefined,
): test is StandardTest['test'] {
  if (!Object.hasOwn(parameters, test)) return false
  if (namespace !== undefined && namespace !== standardPackage) return false
  const macros = [`test_${test}`, 'get_where_subquery', 'should_store_failures']
  return !macros.some((macro) => isReplaced(library, macro))
}

/** Whether anybody but dbt defines a macro or a form of it. Whose turn it would be does not matter: rather once too often. */
function isReplaced({ packages }: MacroLibrary, macro: string): boolean {
  const forms = [macro, `default__${macro}`, `duckdb__${macro}`]
  return [...packages].some(
    ([owner, macros]) => owner !== standardPackage && forms.some((form) => macros.has(form)),
  )
}

/**
 * @param relation what is tested, as a template prints it
 * @param args as the macro would get them
 * @returns undefined when the macro has to say what is wrong with them
 */
export function readStandardTest(
  test: StandardTest['test'],
  relation: string,
  where: unknown,
  args: ReadonlyMap<string, unknown>,
): StandardTest | undefined {
  const known = parameters[test]
  if ([...args.keys()].some((name) => !known.includes(name))) return undefined
  const text = (name: string) => textOf(args.get(name))
  const column = text('column_name')
  if (column === undefined) return undefined
  const isFiltered = where !== undefined && where !== null && where !== ''
  const from = isFiltered ? `(select * from ${relation} where ${where}) dbt_subquery` : relation
  switch (test) {
    case 'not_null':
    case 'unique':
      return { test, from, column }
    case 'accepted_values': {
      const values = args.get('values')
      if (!Array.isArray(values)) return undefined
      const isQuoted = !args.has('quote') || isTruthy(toTemplateValue(args.get('quote')))
      const texts = values.map((value) => toText(toTemplateValue(value)))
      return { test, from, column, values: texts.map((value) => (isQuoted ? `'${value}'` : value)) }
    }
    case 'relationships': {
      const [to, field] = [text('to'), text('field')]
      return to === undefined || field === undefined ? undefined : { test, from, column, to, field }
    }
    default:
      return test satisfies never
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || isHostObject(value) ? toText(value) : undefined
}

/** What the macro would give, blanks around it cut. @param keepsAll whether whole rows are kept of a not_null */
export function standardTestSql(asked: StandardTest, keepsAll: boolean): string {
  const { from, column } = asked
  switch (asked.test) {
    case 'not_null':
      return `select ${keepsAll ? '*' : column}\nfrom ${from}\nwhere ${column} is null`
    case 'unique':
      return `select
    ${column} as unique_field,
    count(*) as n_records

from ${from}
where ${column} is not null
group by ${column}
having count(*) > 1`
    case 'accepted_values':
      return `with all_values as (

    select
        ${column} as value_field,
        count(*) as n_records

    from ${from}
    group by ${column}

)

select *
from all_values
where value_field not in (
    ${asked.values.join(',')}
)`
    case 'relationships':
      return `with child as (
    select ${column} as from_field
    from ${from}
    where ${column} is not null
),

parent as (
    select ${asked.field} as to_field
    from ${asked.to}
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null`
    default:
      return asked satisfies never
  }
}
