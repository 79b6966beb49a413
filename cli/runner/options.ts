/** Options of the commands that work on models, and what a shell's text for them means. */

import { parse } from 'yaml'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { resourceTypes } from '../../transform/plan/resource-types.ts'
import { artifactOptions } from './artifact-options.ts'
import { eventTimeOptions, readingOptions } from './reading.ts'

/** Which database, where a dbt profile says it. */
export const profileOptions = {
  vars: {
    type: 'string',
    describe: `Values for var(), as YAML or JSON: '{"active_days": 7}'`,
    requiresArg: true,
  },
  profile: {
    type: 'string',
    describe: 'Profile of profiles.yml (default: DBT_PROFILE, then profile: of dbt_project.yml)',
    requiresArg: true,
  },
  'profiles-dir': {
    type: 'string',
    describe: 'Folder of profiles.yml (default: DBT_PROFILES_DIR, ., --project-dir, ~/.dbt)',
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

/** What becomes of warnings. */
export const warningOptions = {
  'warn-error': {
    type: 'boolean',
    describe: 'Take every warning for an error: of the project, of the selection, of a node',
  },
  'warn-error-options': {
    type: 'string',
    describe: `Of which warnings, by name: '{"error": "all", "silence": ["JinjaLogWarning"]}'`,
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

/** What a project asks for and a caller does not want. */
export const projectOptions = {
  print: {
    type: 'boolean',
    describe: 'Show what templates print() (default: yes); not with --no-print',
  },
  'version-check': {
    type: 'boolean',
    describe: 'Heed require-dbt-version (default: yes); not with --no-version-check',
  },
} as const satisfies Record<string, Options>

/** How lines are printed. */
export const lineOptions = {
  'printer-width': {
    type: 'number',
    describe: 'Pad lines with dots to this width (default: 80)',
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

/** Of a command line, or of `flags:` in dbt_project.yml. */
export function widthOf({ flags }: { readonly flags: Readonly<Record<string, unknown>> }): number {
  const width = Number(flags['PRINTER_WIDTH'] ?? 80)
  return Number.isFinite(width) ? Math.min(width, 1_000) : 80
}

/** Which nodes. */
export const selectionOptions = {
  select: {
    type: 'string',
    array: true,
    alias: ['s', 'models', 'm'],
    default: [] as string[],
    describe:
      'Nodes: name, +name, name+, @name, tag:x, path:x, config.x:y; a space joins, a comma intersects',
  },
  exclude: {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'Nodes to leave out, in the same words',
  },
  selector: {
    type: 'string',
    describe: 'A definition of selectors.yml, instead of --select and --exclude',
    requiresArg: true,
  },
  'indirect-selection': {
    type: 'string',
    choices: ['eager', 'cautious', 'buildable', 'empty'] as const,
    describe: 'Which tests come along that were not named (default: eager, all that read a node)',
    requiresArg: true,
  },
  state: {
    type: 'string',
    describe: 'Folder with the artifacts of an earlier state, for state:, result:, source_status:',
    requiresArg: true,
  },
  ...profileOptions,
  'partial-parse': {
    type: 'boolean',
    describe:
      'Keep what was parsed (default: DBT_PARTIAL_PARSE, then yes); not with --no-partial-parse',
  },
  ...warningOptions,
  ...projectOptions,
  ...artifactOptions,
} as const satisfies Record<string, Options>

/** Of the nodes chosen, which have to run. */
export const changedOption = {
  type: 'boolean',
  default: false,
  describe: 'Only what has changed since it was last built, in code or in rows, and say why',
} as const satisfies Options

/** Of the nodes chosen, which kinds. */
export const kindOptions = {
  'resource-type': {
    type: 'string',
    array: true,
    choices: resourceTypes,
    describe: 'Only these kinds',
  },
  'exclude-resource-type': {
    type: 'string',
    array: true,
    choices: resourceTypes,
    describe: 'All but these kinds',
  },
} as const satisfies Record<string, Options>

/** How to run them. */
export const runOptions = {
  ...selectionOptions,
  ...kindOptions,
  ...readingOptions,
  ...eventTimeOptions,
  ...lineOptions,
  'full-refresh': {
    type: 'boolean',
    alias: 'f',
    default: false,
    describe: 'Build incremental models from nothing',
  },
  threads: {
    type: 'number',
    describe:
      'Nodes at once where each is published by itself; in a lake always 1 (default: of the profile)',
    requiresArg: true,
  },
  publish: {
    type: 'string',
    choices: ['atomic', 'per-node'] as const,
    describe: 'All or nothing (default; not on a plain DuckDB file), or each node by itself',
    requiresArg: true,
  },
  'fail-fast': {
    type: 'boolean',
    alias: 'x',
    default: false,
    describe: 'Stop at the first failure',
  },
  'store-failures': {
    type: 'boolean',
    describe:
      'Keep the failing rows of every data test in a table, as the config store_failures does',
  },
  retries: {
    type: 'number',
    default: 0,
    describe: 'Further tries when something outside does not answer; config retries comes first',
    requiresArg: true,
  },
  format: {
    type: 'string',
    choices: ['text', 'json'],
    default: 'text',
    describe: 'Lines as of dbt, or one JSON object a node',
    requiresArg: true,
  },
  'log-format': {
    type: 'string',
    choices: ['text', 'json'] as const,
    default: 'text',
    describe: 'json prints the events of dbt, one a line, instead of --format',
    requiresArg: true,
  },
  quiet: {
    type: 'boolean',
    alias: 'q',
    default: false,
    describe: 'Print only what failed',
  },
  'dry-run': {
    type: 'boolean',
    default: false,
    describe: 'Print the plan and change nothing',
  },
} as const satisfies Record<string, Options>

export type RunArguments = ArgumentsCamelCase<InferredOptionTypes<typeof runOptions>>

/** `--vars` as a map of plain data. @throws `model/bad-vars` */
export function parseVars(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    throw problem('model/bad-vars', { reason: messageOf(cause).split('\n')[0] ?? '' }, { cause })
  }
  if (isCircular(value)) {
    throw problem('model/bad-vars', { reason: 'an alias stands inside of what it stands for' })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw problem('model/bad-vars', { reason: `it reads as ${JSON.stringify(value)}` })
}

/** `&a [*a]` in YAML: nothing that is written as JSON can hold it. */
function isCircular(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (around.includes(value)) return true
  return Object.values(value).some((part) => isCircular(part, [...around, value]))
}
