/** Names of generic tests, and what the four of dbt's own need. */
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
