/** `millrace ls`: the names of the project's nodes. */
import { defineCommand } from '../command.ts'
import { openProject } from '../runner/open-project.ts'
import { openSelection, printWarnings } from '../runner/open-selection.ts'
import { kindOptions, selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'

export const lsCommand = defineCommand({
  command: 'ls',
  describe: 'Print the names of models, seeds, tests, sources and what else the project holds',
  builder: (yargs) =>
    yargs
      .options({ ...selectionOptions, ...kindOptions })
      .option('output', {
        alias: 'format',
        type: 'string',
        choices: ['selector', 'name', 'path', 'json'] as const,
        describe: 'What is printed of each node (default: selector)',
        requiresArg: true,
      })
      .example('$0 ls --select marts --resource-type model', 'the models of a folder'),
  handler: async (args) => {
    await using context = await openRunContext(args)
    const { config, database } = context
    const { graph } = await openProject(config, args, database)
    const { commandFilter, manifestNode, nodeLabel, selectNodes } = await import(
      '../../transform/index.ts'
    )
    const selection = await openSelection(graph, config, args)
    const { nodes, warnings } = selectNodes(graph, selection, commandFilter('ls', selection))
    printWarnings(warnings)
    if (nodes.length === 0) process.stderr.write('The selection holds no node.\n')
    const style = args.output ?? 'selector'
    const lines = nodes.map((node) =>
      style === 'json' ? jsonLine(manifestNode(node, graph)) : nodeLabel(node, style),
    )
    process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  },
})

/** The keys that dbt prints, in the order of the manifest. */
const printedKeys = [
  ...['alias', 'name', 'package_name', 'depends_on', 'direct_parents', 'tags', 'config'],
  ...['resource_type', 'source_name', 'original_file_path', 'unique_id'],
]

function jsonLine(node: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(node).filter(([key]) => printedKeys.includes(key))),
  )
}
