/** dbt's global macros, written anew: the package `dbt`, which every project calls and may override. */
import { aggregateMacros } from './macros-aggregate.ts'
import { castMacros } from './macros-cast.ts'
import { dateMacros } from './macros-date.ts'
import { nameMacros } from './macros-names.ts'
import { statementMacros } from './macros-statement.ts'
import { stringMacros } from './macros-string.ts'
import { testMacros } from './macros-test.ts'

export type StandardFile = { readonly file: string; readonly text: string }

/** The package that these macros belong to, as in `dbt.dateadd(…)`. */
export const standardPackage = 'dbt'

export const standardFiles: readonly StandardFile[] = [
  { file: 'dbt/aggregate.sql', text: aggregateMacros },
  { file: 'dbt/cast.sql', text: castMacros },
  { file: 'dbt/date.sql', text: dateMacros },
  { file: 'dbt/names.sql', text: nameMacros },
  { file: 'dbt/statement.sql', text: statementMacros },
  { file: 'dbt/string.sql', text: stringMacros },
  { file: 'dbt/test.sql', text: testMacros },
]
