/** `millrace list-selection`: the named selections of selectors.yml, and what one of them holds. */
import { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openProjectGraph } from '../runner/open-project.ts'
import { openSelection } from '../runner/open-selection.ts'
import { selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'
import { reportWarnings } from '../runner/warnings.ts'

export const listSelectionCommand = defineCommand({
  command: 'list-selection [name]',
  describe: 'Print the named selections of selectors.yml, or what one of them holds',
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', describe: 'A selection; without, all of them' })
      .options(selectionOptions)
      .option('output', {
        type: 'string',
        choices: ['text', 'json'] as const,
        default: 'text' as const,
        describe: 'Lines to read, or a JSON object a line',
        requiresArg: true,
      })
      .example('$0 list-selection nightly', 'the nodes that --selector nightly means'),
  handler: async (args) => {
    await using context = await openRunContext(args)
    const { config, database } = context
    const { graph, rules } = await openProjectGraph(config, args, database, {
      withMacros: args.state !== undefined,
    })
    const { commandFilter, nodeLabel, selectNodes } = await import('../../transform/index.ts')
    const select = async (selector: string) => {
      const selection = await openSelection(graph, config, { ...args, selector })
      return selectNodes(graph, selection, commandFilter('ls', selection))
    }
    const isJson = args.output === 'json'
    if (args.name === undefined) {
      for (const { name, isDefault, description } of graph.selectors) {
        const count = await countOrUnknown(select(name))
        const nodes = count === 1 ? '1 node' : `${count ?? '?'} nodes`
        const words = [name, nodes, isDefault ? '(default)' : '', description]
        const json = { name, description: description ?? null, default: isDefault, nodes: count }
        process.stdout.write(
          `${isJson ? JSON.stringify(json) : words.filter(Boolean).join('  ')}\n`,
        )
      }
      return
    }
    const names = graph.selectors.map(({ name }) => name)
    if (!names.includes(args.name)) {
      const parameters = { selector: args.name, nearest: nearest(args.name, names) }
      throw problem('model/unknown-selector', parameters)
    }
    const { nodes, warnings } = await select(args.name)
    reportWarnings(warnings, rules)
    for (const node of nodes) {
      const label = nodeLabel(node, 'selector')
      const json = { unique_id: node.id, selector: label }
      process.stdout.write(`${isJson ? JSON.stringify(json) : label}\n`)
    }
  },
})

/** How many nodes, or null where that takes more than the project, such as an earlier state. */
async function countOrUnknown(
  selecting: Promise<{ readonly nodes: readonly unknown[] }>,
): Promise<number | null> {
  try {
    return (await selecting).nodes.length
  } catch (error) {
    if (error instanceof MillraceError) return null
    throw error
  }
}
