/** `millrace ls`: the names of the project's nodes. */
import { defineCommand } from '../command.ts'
import { openProject } from '../runner/open-project.ts'
import { selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'

export const lsCommand = defineCommand({
  command: 'ls',
  describe: 'Print the names of models, seeds, data tests and sources',
  builder: (yargs) =>
    yargs
      .options(selectionOptions)
      .option('resource-type', {
        type: 'string',
        array: true,
        choices: ['model', 'seed', 'test', 'source'],
        describe: 'Only these kinds',
      })
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
    const { nodeLabel, selectAllNodes } = await import('../../transform/index.ts')
    const kinds = args.resourceType
    const nodes = selectAllNodes(graph, args).filter(
      ({ kind }) => kinds === undefined || kinds.length === 0 || kinds.includes(kind),
    )
    if (nodes.length === 0) process.stderr.write('The selection holds no node.\n')
    for (const node of nodes)
      process.stdout.write(`${nodeLabel(node, args.output ?? 'selector')}\n`)
  },
})
