/** `millrace compile`: the SQL of models and tests as it is sent to DuckDB, into target/compiled. */
import { performance } from 'node:perf_hooks'
import { defineCommand } from '../command.ts'
import { artifactFolders } from '../runner/artifact-options.ts'
import { compileSelected, namedNodes } from '../runner/compile-selected.ts'
import { describeProject } from '../runner/describe-project.ts'
import { invocationArguments, invocationOf } from '../runner/invocation.ts'
import { parseVars, selectionOptions } from '../runner/options.ts'
import { openProjectLog } from '../runner/project-log.ts'
import { readingOptions } from '../runner/reading.ts'
import { openRunContext } from '../runner/run-context.ts'
import { writeArtifacts, writeCompiled } from '../runner/write-artifacts.ts'

export const compileCommand = defineCommand({
  command: 'compile',
  describe: 'Write the SQL of models and data tests into target/compiled',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .options(readingOptions)
      .option('inline', {
        type: 'string',
        describe: 'A query of your own, which may hold ref() and macros; its SQL is printed',
        requiresArg: true,
      })
      .option('output', {
        type: 'string',
        choices: ['text', 'json'] as const,
        default: 'text' as const,
        describe: 'How SQL is printed: as it is, or as {"node": …, "compiled": …}',
        requiresArg: true,
      })
      .example('$0 compile --select active_users', 'one model; its SQL is printed too'),
  handler: async (args) => {
    const started = performance.now()
    await using context = await openRunContext(args)
    const { config } = context
    const { project, nodes, code } = await compileSelected(context, args)
    const { graph } = project
    const folders = artifactFolders(config, graph, args)
    const log = openProjectLog(folders, project)
    if (args.inline === undefined) {
      const compiled = await writeCompiled(graph, config.projectDir, folders, code)
      const { runResultsOf } = await import('../../transform/index.ts')
      const results = [...code.keys()].map((id) => {
        return { id, status: 'success' as const, elapsedMs: 0, adapterResponse: {} }
      })
      await writeArtifacts(folders, {
        ...(await describeProject(project, compiled)),
        'run_results.json': runResultsOf(results, graph, {
          invocation: invocationOf(project),
          args: invocationArguments('compile', args, parseVars(args.vars)),
          elapsedMs: performance.now() - started,
          compiled,
        }),
      })
      process.stderr.write(`${code.size} files in ${folders.targetPath}/compiled\n`)
    }
    log.line('info', `Compiled ${code.size} nodes`)
    const printed = namedNodes(nodes, args).flatMap(({ id, name }) => {
      const sql = code.get(id)?.sql
      // Templates leave blank lines where their headers were; files keep them, as in dbt.
      return sql === undefined ? [] : [{ name, sql: sql.trim() }]
    })
    print(printed, args.output, args.inline !== undefined)
  },
})

type Printed = { readonly name: string; readonly sql: string }

/** In dbt's words on a terminal and where there are several; a single query in a pipe is SQL and nothing else. */
function print(nodes: readonly Printed[], output: 'text' | 'json', isInline: boolean): void {
  for (const { name, sql } of nodes) {
    if (output === 'json') {
      const result = isInline ? { compiled: sql } : { node: name, compiled: sql }
      process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
      continue
    }
    const title = isInline ? 'Compiled inline node is:' : `Compiled node '${name}' is:`
    const isTitled = process.stdout.isTTY || nodes.length > 1
    process.stdout.write(`${isTitled ? `${title}\n` : ''}${sql}\n`)
  }
}
