/** What the generic tests of dbt's own need. */
import type { Config } from '../project/project.ts'

/** What the arguments of a known test lack, or undefined when they are complete. */
export function missingArgument(
  test: string,
  column: string | undefined,
  args: Config,
): string | undefined {
  if (column === undefined) return 'a column (column_name)'
  const { values } = args
  const isList = Array.isArray(values) || (typeof values === 'string' && values.includes('('))
  if (test === 'accepted_values' && !isList) return 'a list of values'
  if (test === 'relationships') {
    if (args['to'] === undefined) return "to: ref('…')"
    if (args['field'] === undefined) return 'field: the column of the other relation'
  }
  return undefined
}
