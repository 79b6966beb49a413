/** `docs generate`: compiles, asks the database what is there, writes artifacts and the page. */
import { performance } from 'node:perf_hooks'
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { GlobalArguments } from '../options.ts'
import { type ArtifactArguments, artifactFile, artifactFolders } from './artifact-options.ts'
import { type CompiledSelection, compileSelected } from './compile-selected.ts'
import { describeProject } from './describe-project.ts'
import { embedInPage, readDocsPage } from './docs-page.ts'
import { invocationArguments, invocationOf } from './invocation.ts'
import { warnOfLatent } from './latent-problems.ts'
import { openProject } from './open-project.ts'
import { openSelection, type SelectionArguments } from './open-selection.ts'
import { parseVars } from './options.ts'
import { openProjectLog } from './project-log.ts'
import type { ReadingArguments } from './reading.ts'
import { openRunContext, type ProfileArguments, type RunContext } from './run-context.ts'
import { reportWarnings } from './warnings.ts'
import { writeArtifacts, writeAtomically, writeCompiled } from './write-artifacts.ts'

type GenerateArguments = GlobalArguments &
  ProfileArguments &
  ArtifactArguments &
  SelectionArguments &
  ReadingArguments & {
    readonly static: boolean
    readonly compile: boolean
    readonly emptyCatalog: boolean
  }

/** @throws all problems of the project at once, `cli/cannot-write` */
export async function generateDocs(args: GenerateArguments): Promise<number> {
  const started = performance.now()
  await using context = await openRunContext(args)
  const { config } = context
  const { project, nodes, code } = args.compile
    ? await compileSelected(context, args)
    : await selectOnly(context, args)
  const { graph } = project
  const folders = artifactFolders(config, graph, args)
  const log = openProjectLog(folders, project)
  const compiled = await writeCompiled(graph, config.projectDir, folders, code)
  const { catalogOf, runResultsOf, toArtifactText } = await import('../../transform/index.ts')
  const invocation = invocationOf(project)
  const isAll = args.select.length + args.exclude.length === 0 && args.selector === undefined
  const selected = isAll ? undefined : new Set(nodes.map(({ id }) => id))
  const tables = args.emptyCatalog ? [] : await readTables(context, project)
  const described = await describeProject(project, compiled)
  const catalog = catalogOf(tables, graph, { invocation, ...(selected && { selected }) })
  await writeArtifacts(folders, {
    ...described,
    'catalog.json': catalog,
    'run_results.json': runResultsOf(
      [...code.keys()].map((id) => ({ id, status: 'success', elapsedMs: 0, adapterResponse: {} })),
      graph,
      {
        invocation,
        args: invocationArguments('generate', { ...args }, parseVars(args.vars)),
        elapsedMs: performance.now() - started,
        compiled,
      },
    ),
  })
  const page = await readDocsPage()
  await writeAtomically(artifactFile(folders, 'index.html'), page)
  if (args.static) {
    const data = toArtifactText({ manifest: described['manifest.json'], catalog })
    await writeAtomically(artifactFile(folders, 'static_index.html'), embedInPage(page, data))
  }
  log.line('info', `Catalog written: ${tables.length} tables and views found`)
  process.stderr.write(
    `Documentation is in ${folders.targetPath}; \`millrace docs serve\` shows it.\n`,
  )
  return 0
}

/** What is there now. A database that does not answer is an error of the command. */
async function readTables({ database }: RunContext, { graph }: CompiledSelection['project']) {
  const { readCatalog } = await import('../../transform/index.ts')
  const lake = await database.lake?.open()
  return await database.read(async (connection) => {
    const sizes = lake === undefined ? undefined : await lakeSizes(lake, connection)
    return await readCatalog(
      graph,
      (sql) => queryRows(connection, sql),
      ({ schema, name }) => sizes?.get(`${schema}.${name}`),
    )
  })
}

/** Bytes of the lake's tables by `schema.name`. */
async function lakeSizes(lake: Lake, connection: DuckDBConnection): Promise<Map<string, number>> {
  const { tableSizes } = await import('../../core/clients/lake/snapshots.ts')
  const bytes = await tableSizes(connection)
  const tables = await lake.tables(undefined, connection)
  return new Map(
    tables.map(({ schema, name, uuid }) => [`${schema}.${name}`, bytes.get(uuid) ?? 0]),
  )
}

async function selectOnly(
  { config, database }: RunContext,
  args: GenerateArguments,
): Promise<CompiledSelection> {
  const { commandFilter, selectNodes } = await import('../../transform/index.ts')
  const project = await openProject(config, args, database)
  warnOfLatent(project)
  const selection = await openSelection(project.graph, config, args)
  const { nodes, warnings } = selectNodes(project.graph, selection, commandFilter('compile'))
  reportWarnings(warnings, project.rules)
  const found = nodes.flatMap(({ id }) => project.graph.nodes.get(id) ?? [])
  return { project, nodes: found, code: new Map() }
}
