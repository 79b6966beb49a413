/** The run that `retry` takes up again, as its run_results.json tells of it. */
import { join, resolve } from 'node:path'
import type { Options } from 'yargs'
import { z } from 'zod'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { TimeWindow } from '../../transform/index.ts'
import { readWarningOptions, saysNothing } from '../../transform/stdlib/warning-options.ts'
import { readArtifact } from './load-state.ts'

export type PreviousRun = {
  /** `build`, `run`, … */
  readonly command: string
  /** Every option of it, under dbt's names. */
  readonly args: Readonly<Record<string, unknown>>
  /** Ids of what failed, and of what was left out. */
  readonly unfinished: ReadonlySet<string>
  /** Of microbatch models of which some batches succeeded: those that did not. */
  readonly batches: ReadonlyMap<string, readonly TimeWindow[]>
}

const window = z.tuple([z.string(), z.string()])
const batchResults = z.object({ successful: z.array(window), failed: z.array(window) })
const schema = z.object({
  args: z.looseObject({ which: z.string() }),
  results: z.array(
    z.object({
      unique_id: z.string(),
      status: z.string(),
      batch_results: batchResults.nullish(),
    }),
  ),
})

const unfinished = /^(error|fail|skipped|runtime error|partial success)$/

/**
 * @param folder of run_results.json
 * @throws `cli/no-previous-run`, `model/unreadable-state`
 */
export async function readPreviousRun(folder: string, projectDir: string): Promise<PreviousRun> {
  const file = join(resolve(projectDir, folder), 'run_results.json')
  const found = await readArtifact(file, 'run-results')
  if (found === undefined) throw problem('cli/no-previous-run', { file })
  let previous: z.infer<typeof schema>
  try {
    previous = schema.parse(found)
  } catch (cause) {
    throw problem('model/unreadable-state', { file, reason: messageOf(cause) }, { cause })
  }
  const { args, results } = previous
  // As in dbt: hooks run with every command anyway.
  const again = results.filter(
    ({ unique_id: id, status }) => unfinished.test(status) && !id.startsWith('operation.'),
  )
  return {
    command: args.which,
    args,
    unfinished: new Set(again.map((result) => result.unique_id)),
    // Where none succeeded the model is built as if for the first time.
    batches: new Map(
      again.flatMap(({ unique_id: id, batch_results: found }) =>
        found && found.successful.length > 0 && found.failed.length > 0
          ? [[id, found.failed.map(toWindow)] as const]
          : [],
      ),
    ),
  }
}

function toWindow([start, end]: z.infer<typeof window>): TimeWindow {
  return { start: instantOf(start), end: instantOf(end) }
}

/** A time without a zone is UTC. */
function instantOf(text: string): number {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
}

/** What each call says for itself, and the selection, which the ids take the place of. */
const notRepeated = new Set([
  ...['select', 'exclude', 'selector', 'indirect-selection'],
  ...['resource-type', 'exclude-resource-type', 'project-dir', 'profiles-dir'],
  ...['target-path', 'log-path', 'log-level', 'defer-state', 'dry-run', 'vars'],
])

/** Every run has them; said, they would win over those of the project. */
const usual: Readonly<Record<string, unknown>> = { 'printer-width': 80, 'version-check': true }

/**
 * The options of the earlier call as words of a command line.
 * @param known the options that the command has
 */
export function repeatedArguments(
  args: PreviousRun['args'],
  known: Readonly<Record<string, Options>>,
): string[] {
  const words = Object.entries(known).flatMap(([name, option]) => {
    const value = args[name.replaceAll('-', '_')]
    const isLeftOut = notRepeated.has(name) || usual[name] === value
    return isLeftOut || !isValueOf(option, value) ? [] : written(name, value)
  })
  const { vars, args: given, warn_error_options: warnings } = args
  // Every run has them.
  const isUsual = saysNothing(readWarningOptions(warnings))
  return [
    ...words,
    ...writtenMap('vars', vars),
    ...writtenMap('args', given), // of a macro
    ...(isUsual ? [] : writtenMap('warn-error-options', warnings)),
  ]
}

/** Real dbt writes some options otherwise; those are left at their defaults. */
function isValueOf({ type, choices }: Options, value: unknown): boolean {
  if (choices !== undefined && !choices.some((choice) => choice === value)) return false
  return type === undefined || typeof value === type
}

function writtenMap(name: string, value: unknown): string[] {
  const isMap = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  return isMap ? [`--${name}=${JSON.stringify(value)}`] : []
}

function written(name: string, value: unknown): string[] {
  if (value === false) return [`--no-${name}`]
  return value === true ? [`--${name}`] : [`--${name}=${String(value)}`]
}
