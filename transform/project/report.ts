/** Gathers what is wrong while reading goes on, so that one run reports everything. */
import type { MillraceError } from '../../core/errors.ts'
import { type Position, problem } from '../../core/problems.ts'

/** dbt's names of what it no longer wants, and what to write instead. */
const deprecations = {
  ConfigSourcePathDeprecation: 'source-paths is now model-paths',
  ConfigDataPathDeprecation: 'data-paths is now seed-paths',
  ConfigLogPathDeprecation: 'log-path is said by --log-path or DBT_LOG_PATH',
  ConfigTargetPathDeprecation: 'target-path is said by --target-path or DBT_TARGET_PATH',
  DuplicateYAMLKeysDeprecation: 'a key stands twice in one map, and the later one counts',
  UnexpectedJinjaBlockDeprecation: 'a closing tag without an opening one is left out',
  ExposureNameDeprecation: 'names of exposures are letters, digits, _ and -',
  ResourceNamesWithSpacesDeprecation: 'names have no spaces',
  MissingArgumentsPropertyInGenericTestDeprecation:
    'arguments of a data test stand under arguments:',
  PropertyMovedToConfigDeprecation:
    'severity, where, tags and the like of a data test stand under config:',
  MFCumulativeTypeParamsDeprecation:
    'window and grain_to_date of a cumulative metric stand under cumulative_type_params:',
  TimeDimensionsRequireGranularityDeprecation: 'a time dimension needs time_granularity',
} as const

export type Deprecation = keyof typeof deprecations

export type Report = {
  readonly problems: MillraceError[]
  readonly warnings: MillraceError[]
  /** Where each deprecated spelling stands. */
  readonly deprecated: Map<Deprecation, Position[]>
}

export function emptyReport(): Report {
  return { problems: [], warnings: [], deprecated: new Map() }
}

/** Notes a spelling that works and that dbt wants gone. */
export function noteDeprecated(report: Report, name: Deprecation, at: Position): void {
  const places = report.deprecated.get(name) ?? []
  places.push(at)
  report.deprecated.set(name, places)
}

/** One warning a spelling, at the first place: old projects have hundreds of each. */
export function deprecationWarnings({ deprecated }: Report): MillraceError[] {
  return [...deprecated].map(([name, places]) => {
    const [at = { file: '' }] = places
    const parameters = { name, advice: deprecations[name], places: places.length }
    return problem('model/deprecated', parameters, { at })
  })
}
