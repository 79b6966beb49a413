/** `millrace list-selection`: the named selections of selectors.yml, and what one of them holds. */

import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openProjectGraph } from '../runner/open-project.ts'
import { openSelection, printWarnings } from '../runner/open-selection.ts'
import { selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'

export const listSelectionCommand = defineCommand({
  command: 'list-selection [name]',
  describe: 'Print the named selections of selectors.yml, or what one of them holds',
  builder: (yargs) =>
    yargs
      .positional('name', { type: 'string', describe: 'A selection; without, all their names' })
      .options(selectionOptions)
      .example('$0 list-selection nightly', 'the nodes that --selector nightly means'),
  handler: async (args) => {
    await using context = await openRunContext(args)
    const { config, database } = context
    const { graph } = await openProjectGraph(config, args, database, {
      withMacros: args.state !== undefined,
    })
    const { commandFilter, nodeLabel, selectNodes } = await import('../../transform/index.ts')
    if (args.name === undefined) {
      const lines = graph.selectors.map(({ name, isDefault, description }) =>
        [name, isDefault ? '(default)' : '', description].filter(Boolean).join('  '),
      )
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
      return
    }
    const names = graph.selectors.map(({ name }) => name)
    if (!names.includes(args.name)) {
      const parameters = { selector: args.name, nearest: nearest(args.name, names) }
      throw problem('model/unknown-selector', parameters)
    }
    const selection = await openSelection(graph, config, { ...args, selector: args.name })
    const { nodes, warnings } = selectNodes(graph, selection, commandFilter('ls', selection))
    printWarnings(warnings)
    process.stdout.write(nodes.map((node) => `${nodeLabel(node, 'selector')}\n`).join(''))
  },
})
