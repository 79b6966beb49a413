/** The SQL of the nodes that a command line names, or of its inline query. */
import { join } from 'node:path'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { CompiledNodes, Graph, GraphNode, Relation } from '../../transform/index.ts'
import { inlineId } from './inline-node.ts'
import { latentOf } from './latent-problems.ts'
import { type OpenedProject, openProject } from './open-project.ts'
import { openSelection, type SelectionArguments } from './open-selection.ts'
import type { ProjectDatabase } from './project-database.ts'
import { knownRelations, type ReadingArguments, readingOf } from './reading.ts'
import type { RunContext } from './run-context.ts'
import { reportWarnings } from './warnings.ts'

type CompileArguments = SelectionArguments &
  ReadingArguments & {
    readonly vars?: string | undefined
    readonly inline?: string | undefined
  }

export type CompiledSelection = {
  readonly project: OpenedProject
  /** Sorted by id; the inline query alone when there is one. */
  readonly nodes: readonly GraphNode[]
  /** Of those that have code. */
  readonly code: CompiledNodes['code']
}

/** @throws all problems of the project and of rendering at once */
export async function compileSelected(
  { config, database }: RunContext,
  args: CompileArguments,
): Promise<CompiledSelection> {
  const { commandFilter, compileNodes, selectNodes } = await import('../../transform/index.ts')
  const project = await openProject(config, args, database)
  const { graph, renderer, rules } = project
  const ids = [inlineId(graph)]
  if (args.inline === undefined) {
    const selection = await openSelection(graph, config, args)
    const selected = selectNodes(graph, selection, commandFilter('compile'))
    const what = 'node that is compiled'
    const none = selected.nodes.length === 0 ? [problem('model/nothing-to-do', { what })] : []
    reportWarnings([...selected.warnings, ...none], rules)
    ids.splice(0, 1, ...selected.nodes.map(({ id }) => id))
  }
  const selected = new Set(ids)
  const opened = { graph, config, database, selected, builds: false }
  const reading = await readingOf(args, opened)
  const isTable = await builtTables(graph, ids, database)
  const latent = latentOf(project, ids, 'compile')
  const unsound = new Set(latent.map(({ node }) => node))
  const sound = ids.filter((id) => !unsound.has(id))
  const { code, problems, warnings } = await compileNodes(
    graph,
    renderer.with(reading),
    sound,
    isTable,
  )
  const all = [...latent.map(({ problem }) => problem), ...problems]
  if (all.length > 0) throw new AggregateError(all, 'nodes could not be compiled')
  const heard = new Set(graph.warnings.map(({ message }) => message))
  reportWarnings(
    warnings.filter(({ message }) => !heard.has(message)),
    rules,
  )
  await warnOfForeignTables(config, project, code, database)
  return { project, nodes: ids.flatMap((id) => graph.nodes.get(id) ?? []), code }
}

/** A table that a query reads by its bare name is in no graph: nothing waits for it. */
async function warnOfForeignTables(
  config: Config,
  { graph, rules }: OpenedProject,
  code: CompiledNodes['code'],
  { target }: ProjectDatabase,
): Promise<void> {
  const { findForeignTables, loadReads, templateDatabase } = await import(
    '../../transform/index.ts'
  )
  const queries = [...code].filter(([id]) => /^(model|snapshot|test)\./.test(id))
  const sqls = new Map(queries.map(([id, { sql }]) => [id, sql]))
  // The parser needs no database, and none may be there.
  const { openDuckdb } = await import('../../core/clients/duckdb.ts')
  const extensionDirectory = join(config.cacheDir, 'duckdb-extensions')
  await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
  const parser = templateDatabase((work) => duckdb.withConnection(work))
  const reads = await loadReads(parser, sqls)
  const around = { catalog: target.database, schema: target.schema }
  reportWarnings(findForeignTables(graph, reads, around), rules)
}

/** The database is asked only when a model is incremental; a view in its place is no table to add to. */
async function builtTables(
  graph: Graph,
  ids: readonly string[],
  database: ProjectDatabase,
): Promise<((relation: Relation) => boolean) | undefined> {
  const nodes = ids.flatMap((id) => graph.nodes.get(id) ?? [])
  const asks = nodes.some((node) => node.kind === 'model' && node.materialized === 'incremental')
  return asks ? await knownRelations(database, 'tables') : undefined
}

/** Those that the command line names, and not by their tag or folder: their SQL is printed. */
export function namedNodes(
  nodes: readonly GraphNode[],
  { select, inline }: Pick<CompileArguments, 'select' | 'inline'>,
): readonly GraphNode[] {
  if (inline !== undefined) return nodes
  const words = new Set(select.flatMap((text) => text.split(/[\s,+@:./]+/)))
  const named = nodes.filter(({ name }) => words.has(name))
  const models = nodes.filter(({ kind }) => kind === 'model')
  // `path:models/a.sql` names one model too, in its way.
  return named.length === 0 && models.length === 1 ? models : named
}
