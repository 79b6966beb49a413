/** `millrace compile`: the SQL of models and tests as it is sent to DuckDB, into target/compiled. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openProject } from '../runner/open-project.ts'
import { openSelection, printWarnings } from '../runner/open-selection.ts'
import { selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'

export const compileCommand = defineCommand({
  command: 'compile',
  describe: 'Write the SQL of models and data tests into target/compiled',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .example('$0 compile --select active_users', 'one model; its SQL is printed too'),
  handler: async (args) => {
    await using context = await openRunContext(args)
    const { config, database } = context
    const { graph } = await openProject(config, args, database)
    const { commandFilter, selectNodes } = await import('../../transform/index.ts')
    const selection = await openSelection(graph, config, args)
    const selected = selectNodes(graph, selection, commandFilter('compile'))
    printWarnings(selected.warnings)
    const nodes = selected.nodes.flatMap((node) =>
      'rawCode' in node && node.kind !== 'seed' ? [node] : [],
    )
    for (const node of nodes) {
      // Generic tests have no file of their own; they go beside the schema file that asks for them.
      const own = node.kind === 'test' && node.generic !== undefined
      const file = own ? join(node.file, `${node.name}.sql`) : node.file
      const path = join(config.projectDir, graph.targetPath, 'compiled', graph.project, file)
      await write(path, `${node.sql}\n`)
    }
    const models = nodes.filter(({ kind }) => kind === 'model')
    const [only] = models
    if (only !== undefined && models.length === 1) process.stdout.write(`${only.sql}\n`)
    process.stderr.write(
      `${nodes.length} files in ${join(graph.targetPath, 'compiled', graph.project)}\n`,
    )
  },
})

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  } catch (cause) {
    throw problem('cli/cannot-write', { file, reason: messageOf(cause) }, { cause })
  }
}
