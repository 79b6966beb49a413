/** What dbt writes of a generic test: its code, and its configs as they are written. */
import type { Config } from '../project/project.ts'
import { testSettings } from '../project/schema-tests.ts'
import { printPython } from './test-names.ts'

/** Others than dbt's settings come last. */
function rankOf(key: string): number {
  const rank = testSettings.indexOf(key)
  return rank === -1 ? testSettings.length : rank
}

/** As dbt writes it: a call of the macro, and what the schema file says of the test. */
export function rawCodeOf(namespace: string | undefined, test: string, said: Config): string {
  const configs = Object.entries(said)
    .sort(([left], [right]) => rankOf(left) - rankOf(right))
    .map(([key, value]) => {
      return `${key}=${typeof value === 'string' ? `"${value.replaceAll('"', '\\"')}"` : printPython(value)}`
    })
  const owner = namespace === undefined ? '' : `${namespace}.`
  const call = `{{ ${owner}test_${test}(**_dbt_generic_test_kwargs) }}`
  return configs.length === 0 ? call : `${call}{{ config(${configs.join(',')}) }}`
}

/** dbt reads the texts of a test that it renders, and the values of one that it does not. */
export function writtenTest(isRendered: boolean, said: Config, header: Config): Config {
  if (!isRendered) return said
  const entries = Object.entries(said)
  if (entries.length === 0) return header
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : printPython(value)]),
  )
}
