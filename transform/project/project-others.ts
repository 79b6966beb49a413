/** Entries of schema files that build nothing: groups, exposures, unit tests, and references to check. */
import type { Position } from '../../core/problems.ts'
import type { Config, Entry, VersionName } from './project-properties.ts'

export type Group = Entry & {
  /** `name` or `email`, and keys of the user's own. */
  readonly owner: Config
}

export type Exposure = Entry & {
  readonly type: string
  readonly owner: Config
  readonly label: string | undefined
  readonly maturity: string | undefined
  readonly url: string | undefined
  /** Calls as written: `ref('x')`, `source('s', 'x')`, `metric('m')`. */
  readonly dependsOn: readonly string[]
}

export type UnitTest = Entry & {
  /** Name of the model under test. */
  readonly model: string
  readonly given: readonly UnitTestInput[]
  readonly expect: UnitTestRows
  readonly overrides: UnitTestOverrides | undefined
  readonly versions: VersionRule | undefined
}

/** Which versions of the model: at most one of the two is said. */
export type VersionRule = {
  readonly include: readonly VersionName[] | undefined
  readonly exclude: readonly VersionName[] | undefined
}

/** Values that replace macros, variables and environment variables while the model is tested. */
export type UnitTestOverrides = {
  readonly macros: Config
  readonly vars: Config
  readonly env_vars: Config
}

export type UnitTestRows = {
  readonly format: 'dict' | 'csv' | 'sql'
  /** Maps for `dict`, text for `csv` and `sql`; undefined when a fixture has them or none are given. */
  readonly rows: string | readonly Config[] | undefined
  /** Name of a fixture file without its ending. */
  readonly fixture: string | undefined
}

/** Rows of one input: `ref('x')`, `source('s', 'x')` or `this`. */
export type UnitTestInput = UnitTestRows & { readonly input: string; readonly at: Position }

/** A `ref(…)` or `source(…)` that an exposure or a unit test names. */
export type Reference = {
  readonly kind: 'exposure' | 'unit test'
  readonly name: string
  readonly package: string
  readonly call: string
  readonly at: Position
}

/** An entry of `selectors.yml`; who selects interprets the definition. */
export type Selector = {
  readonly name: string
  readonly description: string
  /** True, false, or text with Jinja. */
  readonly default: unknown
  /** Text as on the command line, or the YAML as written. */
  readonly definition: unknown
  readonly at: Position
}
