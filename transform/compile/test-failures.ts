/** Whether the rows of a failing test are kept in the database, and as what. */
import type { Config } from '../project/project.ts'
import { configValueOf } from '../stdlib/config-defaults.ts'

/** `table`, `view` or what else the project says; undefined where they are not kept. @param flag `--store-failures` */
export function failuresKeptAs(config: Config, flag: boolean): string | undefined {
  const isKept = configValueOf('test', config, 'store_failures') ?? flag
  if (isKept !== true) return undefined
  return String(configValueOf('test', config, 'store_failures_as') ?? 'table')
}
