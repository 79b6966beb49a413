/** `millrace show`: the first rows of a node or of a query, without building anything. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { CompiledNode } from '../../transform/index.ts'
import { defineCommand } from '../command.ts'
import { type ArtifactFolders, artifactFolders } from '../runner/artifact-options.ts'
import { type CompiledSelection, compileSelected, namedNodes } from '../runner/compile-selected.ts'
import { withoutInline } from '../runner/inline-node.ts'
import { selectionOptions } from '../runner/options.ts'
import { openProjectLog } from '../runner/project-log.ts'
import { readingOptions } from '../runner/reading.ts'
import { openRunContext } from '../runner/run-context.ts'
import type { Preview, PreviewQuery } from '../runner/show-preview.ts'
import { writeCompiled } from '../runner/write-artifacts.ts'

export const showCommand = defineCommand({
  command: 'show',
  describe: 'Print the first rows of a model, seed or test, or of a query of your own',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .options(readingOptions)
      .option('inline', {
        type: 'string',
        describe: 'A query of your own, which may hold ref() and macros',
        requiresArg: true,
      })
      .option('limit', {
        type: 'number',
        default: 5,
        describe: 'Rows at most, -1: all',
        requiresArg: true,
      })
      .option('output', {
        type: 'string',
        choices: ['text', 'json'] as const,
        default: 'text' as const,
        describe: 'A table, or {"node": …, "show": [rows]}',
        requiresArg: true,
      })
      .option('quiet', {
        type: 'boolean',
        alias: 'q',
        default: false,
        describe: 'Print no line above a table',
      })
      .example(
        `$0 show --inline "select * from {{ ref('users') }}" --limit 10`,
        'ten rows of a model that is built',
      ),
  handler: async (args) => {
    if (args.inline === undefined && args.select.length === 0 && args.selector === undefined) {
      const reason = 'Either --select or --inline must say what to show.'
      throw problem('cli/bad-arguments', { reason, command: 'millrace show' })
    }
    await using context = await openRunContext(args)
    const selection = await compileSelected(context, args)
    const { project } = selection
    const folders = artifactFolders(context.config, project.graph, args)
    const log = openProjectLog(folders, project)
    const queries = queriesOf(selection, args, await pathsOf(context.config, folders, selection))
    const { readPreview, renderPreview } = await import('../runner/show-preview.ts')
    const isInline = args.inline !== undefined
    for (const query of queries) {
      log.line('debug', `On ${query.name}: ${query.sql}`)
      const read = (connection: DuckDBConnection): Promise<Preview> =>
        readPreview(connection, query, args.limit)
      const preview = await context.database.read(read)
      process.stdout.write(renderPreview(preview, args.output, isInline, args.quiet))
    }
  },
})

/** Writes what was compiled, as dbt does, for errors name its lines; a folder that is read-only is no reason to fail. */
async function pathsOf(
  { projectDir }: Config,
  folders: ArtifactFolders,
  { project: { graph }, code }: CompiledSelection,
): Promise<ReadonlyMap<string, CompiledNode>> {
  const written = withoutInline(graph)
  return await writeCompiled(written, projectDir, folders, code).catch(() => new Map())
}

/** The nodes that are named; with a tag or a folder all of it. The rows of a seed are those of its file. */
function queriesOf(
  { nodes, code }: CompiledSelection,
  args: { readonly select: readonly string[]; readonly inline?: string | undefined },
  written: ReadonlyMap<string, CompiledNode>,
): PreviewQuery[] {
  const named = namedNodes(nodes, args)
  return (named.length === 0 ? nodes : named).flatMap((node) => {
    const { name, file } = node
    const compiledPath = written.get(node.id)?.compiledPath
    if (node.kind === 'seed') {
      const sql = `from read_csv(${quoteLiteral(node.absolutePath)})`
      return [{ name, sql, file, compiledPath }]
    }
    const sql = code.get(node.id)?.sql
    const isQuery = node.kind !== 'operation' && node.kind !== 'function'
    return sql === undefined || !isQuery || node.language === 'python'
      ? []
      : [{ name, sql, file, compiledPath }]
  })
}
