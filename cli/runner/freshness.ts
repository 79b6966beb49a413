/** `source freshness`: asks the sources of the project how old they are, and writes sources.json. */
import { resolve } from 'node:path'
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { queryRows } from '../../core/clients/duckdb.ts'
import { lakeName } from '../../core/clients/lake/attach.ts'
import { attachedLake, lastChange } from '../../core/clients/lake/last-change.ts'
import { metadataSchema } from '../../core/clients/lake/snapshots.ts'
import { systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import type {
  FreshnessDependencies,
  FreshnessEvent,
  FreshnessResult,
  SourceNode,
} from '../../transform/index.ts'
import type { GlobalArguments } from '../options.ts'
import { artifactFolders } from './artifact-options.ts'
import { describeProject } from './describe-project.ts'
import { closingLines, freshnessJson, freshnessLine, hasFailed } from './freshness-lines.ts'
import { invocationOf } from './invocation.ts'
import { type OpenedProject, openProject } from './open-project.ts'
import { openSelection } from './open-selection.ts'
import { lineOptions, selectionOptions, widthOf } from './options.ts'
import type { ProjectDatabase } from './project-database.ts'
import { openProjectLog } from './project-log.ts'
import { openRunContext } from './run-context.ts'
import { reportWarnings } from './warnings.ts'
import { writeArtifacts, writeAtomically } from './write-artifacts.ts'

export const freshnessOptions = {
  ...selectionOptions,
  ...lineOptions,
  output: {
    type: 'string',
    alias: 'o',
    describe: 'File for the results (default: sources.json in the folder of artifacts)',
    requiresArg: true,
  },
  format: {
    type: 'string',
    choices: ['text', 'json'] as const,
    default: 'text',
    describe: 'Lines as of dbt, or one JSON object a source',
    requiresArg: true,
  },
  quiet: {
    type: 'boolean',
    alias: 'q',
    default: false,
    describe: 'Print nothing but errors',
  },
} as const satisfies Record<string, Options>

export type FreshnessArguments = ArgumentsCamelCase<InferredOptionTypes<typeof freshnessOptions>>

/** @returns exit code 0, or 1 when a source is older than it may be or could not be asked */
export async function executeFreshness(
  args: FreshnessArguments & GlobalArguments,
): Promise<number> {
  const started = systemClock.now()
  await using context = await openRunContext(args)
  const { config, database } = context
  const project = await openProject(config, args, database)
  const { graph } = project
  const { checkFreshness, criteriaOf, selectNodes } = await import('../../transform/index.ts')
  const selection = await openSelection(graph, config, args)
  const { nodes, warnings } = selectNodes(
    graph,
    selection,
    (node) => node.kind === 'source' && criteriaOf(node) !== undefined,
  )
  reportWarnings(warnings, project.rules)
  const sources = nodes.filter((node) => node.kind === 'source')
  if (sources.length === 0) {
    const what = 'source that says how old it may be'
    reportWarnings([problem('model/nothing-to-do', { what })], project.rules)
  }
  const folders = artifactFolders(config, graph, args)
  const log = openProjectLog(folders, project)
  const width = widthOf(project)
  // A database that does not open is not the fault of each source.
  if (sources.length > 0) await database.open()
  const results = await checkFreshness(sources, {
    ...dependenciesOf(project, database),
    onEvent: (event) => {
      log.line('info', freshnessLine(event, '', width).trim())
      print(event, args, width)
    },
  })
  const elapsedMs = systemClock.now() - started
  await write(results, { project, args, folders, elapsedMs })
  if (sources.length > 0) printEnd(results, sources, args, elapsedMs)
  return results.some(hasFailed) ? 1 : 0
}

function dependenciesOf(
  { renderer }: OpenedProject,
  database: ProjectDatabase,
): Omit<FreshnessDependencies, 'onEvent'> {
  const lastChangeInLake: FreshnessDependencies['lastChange'] = async ({
    catalog,
    schema,
    name,
  }) => {
    const own = catalog === lakeName ? await database.lake?.open() : undefined
    const metadata = own && metadataSchema(own.options.catalog)
    return await database.read(async (connection) => {
      const lake = await attachedLake(connection, catalog, metadata)
      if (lake === undefined) return 'not-recorded'
      return (await lastChange(connection, lake, schema, name)) ?? 'no-table'
    })
  }
  return {
    query: (sql) => database.read((connection) => queryRows(connection, sql)),
    renderText: (id, text) => renderer.renderText(id, text, { isIncremental: false }),
    lastChange: lastChangeInLake,
    clock: systemClock,
  }
}

type Written = {
  readonly project: OpenedProject
  readonly args: FreshnessArguments
  readonly folders: ReturnType<typeof artifactFolders>
  readonly elapsedMs: number
}

async function write(
  results: readonly FreshnessResult[],
  { project, args, folders, elapsedMs }: Written,
): Promise<void> {
  const { sourcesArtifactOf, toArtifactText } = await import('../../transform/index.ts')
  const artifact = sourcesArtifactOf(results, { invocation: invocationOf(project), elapsedMs })
  const { output } = args
  const inTarget = output === undefined ? { 'sources.json': artifact } : {}
  await writeArtifacts(folders, { ...(await describeProject(project)), ...inTarget })
  if (output === undefined || !folders.writesJson) return
  await writeAtomically(resolve(output), toArtifactText(artifact))
}

const clockTime = () => new Date().toISOString().slice(11, 19)

function print(event: FreshnessEvent, { format, quiet }: FreshnessArguments, width: number): void {
  if (quiet) return
  const json = format === 'json' ? freshnessJson(event) : undefined
  const line =
    format === 'json' ? json && JSON.stringify(json) : freshnessLine(event, clockTime(), width)
  if (line !== undefined) process.stdout.write(`${line}\n`)
}

function printEnd(
  results: readonly FreshnessResult[],
  sources: readonly SourceNode[],
  { format, quiet }: FreshnessArguments,
  elapsedMs: number,
): void {
  if (format === 'json' || (quiet && !results.some(hasFailed))) return
  const files = new Map(sources.map(({ id, originalFile }) => [id, originalFile]))
  process.stdout.write(
    closingLines(results, files, elapsedMs)
      .map((line) => `${line}\n`)
      .join(''),
  )
}
