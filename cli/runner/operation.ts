/** `run-operation`: one macro, or one statement, and its artifacts. */

import { parse } from 'yaml'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { systemClock } from '../../core/clock.ts'
import { type MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { OperationDependencies, OperationResult } from '../../transform/index.ts'
import { withInterrupt } from '../interrupt.ts'
import type { GlobalArguments } from '../options.ts'
import { artifactFolders, artifactOptions } from './artifact-options.ts'
import { describeProject } from './describe-project.ts'
import { inlineId } from './inline-node.ts'
import { invocationArguments, invocationOf } from './invocation.ts'
import { type OpenedProject, openProject } from './open-project.ts'
import {
  parseVars,
  profileOptions,
  projectOptions,
  selectionOptions,
  warningOptions,
} from './options.ts'
import type { ProjectDatabase } from './project-database.ts'
import { openProjectLog } from './project-log.ts'
import { openRunContext } from './run-context.ts'
import { printWarning } from './warnings.ts'
import { writeArtifacts } from './write-artifacts.ts'

export const operationOptions = {
  ...profileOptions,
  'partial-parse': selectionOptions['partial-parse'],
  ...warningOptions,
  ...projectOptions,
  ...artifactOptions,
  args: {
    type: 'string',
    describe: `Arguments by name, as YAML or JSON: '{"schema": "old"}'`,
    requiresArg: true,
  },
  sql: {
    type: 'string',
    describe: 'A statement instead of a macro; it may hold ref() and macros',
    requiresArg: true,
  },
  threads: {
    type: 'number',
    describe: 'Threads of DuckDB (default: setting duckdb.threads); with a profile, target.threads',
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

export type OperationArguments = ArgumentsCamelCase<
  InferredOptionTypes<typeof operationOptions>
> & {
  readonly macro?: string | undefined
}

/** @returns exit code 0, or 1 when the macro or the statement failed */
export async function executeOperation(
  args: OperationArguments & GlobalArguments,
): Promise<number> {
  const { macro, sql } = args
  if ((macro === undefined) === (sql === undefined)) throw refused('name a macro, or give --sql')
  if (sql !== undefined && args.args !== undefined) throw refused('--sql takes no --args')
  const given = parseArguments(args.args)
  const flags = args.threads === undefined ? {} : { duckdb: { threads: args.threads } }
  await using context = await openRunContext(args, flags)
  const { config, database } = context
  const project = await openProject(config, { ...args, inline: sql }, database, {
    onPrint: (text) => process.stdout.write(`${text}\n`),
  })
  const { graph, renderer } = project
  const operation = macro === undefined ? undefined : renderer.operation(macro)
  const folders = artifactFolders(config, graph, args)
  const log = openProjectLog(folders, project)
  const result = await withInterrupt((signal) =>
    carryOut(project, database, signal, async (dependencies) => {
      const { runOperation, runStatement } = await import('../../transform/index.ts')
      return operation === undefined
        ? await runStatement(inlineId(graph), dependencies)
        : await runOperation(operation, given, dependencies)
    }),
  )
  for (const warning of result.warnings) printWarning(warning)
  const id = operation?.id ?? `sql_operation.${graph.project}.inline_query`
  const { runResultsOf } = await import('../../transform/index.ts')
  const reported = { ...result, id, failures: result.status === 'success' ? 0 : 1 }
  await writeArtifacts(folders, {
    ...(await describeProject(project)),
    'run_results.json': runResultsOf([{ ...reported, adapterResponse: {} }], graph, {
      invocation: invocationOf(project),
      args: { ...invocationArguments('run-operation', args, parseVars(args.vars)), args: given },
      elapsedMs: result.elapsedMs,
    }),
  })
  log.line(result.status === 'success' ? 'info' : 'error', `Ran ${id}: ${result.status}`)
  if (result.status === 'success') return 0
  process.stderr.write(`Encountered an error while running operation: ${result.message}\n`)
  return 1
}

function refused(reason: string, cause?: unknown): MillraceError {
  return problem('cli/bad-arguments', { reason, command: 'millrace run-operation' }, { cause })
}

/** `--args` as a map. @throws `cli/bad-arguments` */
function parseArguments(text = '{}'): Record<string, unknown> {
  try {
    const value: unknown = parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw refused(
      `--args is not YAML: ${messageOf(cause).split('\n')[0]?.replace(/:$/, '')}`,
      cause,
    )
  }
  throw refused('--args is not a map of names and values')
}

async function carryOut(
  { renderer, invocationId }: OpenedProject,
  database: ProjectDatabase,
  signal: AbortSignal,
  work: (dependencies: OperationDependencies) => Promise<OperationResult>,
): Promise<OperationResult> {
  const adapter = await database.adapterFor({ stages: [] })
  try {
    return await work({ renderer, adapter, clock: systemClock, runId: invocationId, signal })
  } catch (error) {
    if (signal.aborted) throw problem('cli/interrupted', { what: 'millrace run-operation' })
    throw error
  }
}
