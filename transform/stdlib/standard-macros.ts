/** dbt's global macros, written anew: the package `dbt`, which every project calls and may override. */
import { aggregateMacros } from './macros/aggregates.ts'
import { columnMacros } from './macros/columns.ts'
import { dateMacros } from './macros/dates.ts'
import { externalMacros } from './macros/external.ts'
import { functionMacros } from './macros/functions.ts'
import { incrementalMacros } from './macros/incremental.ts'
import { materializationMacros } from './macros/materializations.ts'
import { mergeMacros } from './macros/merge.ts'
import { metadataMacros } from './macros/metadata.ts'
import { nameMacros } from './macros/names.ts'
import { relationMacros } from './macros/relations.ts'
import { seedMacros } from './macros/seeds.ts'
import { snapshotMacros } from './macros/snapshots.ts'
import type { StandardMacro } from './macros/standard-macro.ts'
import { statementMacros } from './macros/statements.ts'
import { stringMacros } from './macros/strings.ts'
import { tableMacros } from './macros/tables.ts'
import { testMacros } from './macros/tests.ts'

/** One macro and its text; its name is found in the text. */
export type StandardFile = StandardMacro & { readonly file: string }

/** The package that these macros belong to, as in `dbt.dateadd(…)`. */
export const standardPackage = 'dbt'

export const standardFiles: readonly StandardFile[] = [
  ...aggregateMacros,
  ...columnMacros,
  ...dateMacros,
  ...externalMacros,
  ...functionMacros,
  ...incrementalMacros,
  ...materializationMacros,
  ...mergeMacros,
  ...metadataMacros,
  ...nameMacros,
  ...relationMacros,
  ...seedMacros,
  ...snapshotMacros,
  ...statementMacros,
  ...stringMacros,
  ...tableMacros,
  ...testMacros,
].map((macro) => ({ ...macro, file: `${macro.package}/${macro.name}.sql` }))
