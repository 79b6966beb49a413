/** `millrace ls`: the names of the project's nodes. */
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { openProjectGraph } from '../runner/open-project.ts'
import { openSelection } from '../runner/open-selection.ts'
import { kindOptions, selectionOptions } from '../runner/options.ts'
import { openRunContext } from '../runner/run-context.ts'
import { reportWarnings } from '../runner/warnings.ts'

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
      .option('output-keys', {
        type: 'string',
        array: true,
        describe: 'Keys of --output json, also nested: config.materialized',
      })
      .example('$0 ls --select marts --resource-type model', 'the models of a folder'),
  handler: async (args) => {
    await using context = await openRunContext(args)
    const { config, database } = context
    const { graph, rules } = await openProjectGraph(config, args, database, {
      withMacros: args.state !== undefined,
    })
    const { commandFilter, manifestNode, nodeLabel, selectNodes } = await import(
      '../../transform/index.ts'
    )
    const selection = await openSelection(graph, config, args)
    const { nodes, warnings } = selectNodes(graph, selection, commandFilter('ls', selection))
    const none = nodes.length === 0 ? [problem('model/no-nodes-selected', {})] : []
    reportWarnings([...warnings, ...none], rules)
    const style = args.output ?? 'selector'
    const lines = nodes.map((node) => {
      if (style !== 'json') return nodeLabel(node, style)
      const json = manifestNode(node, graph)
      const parents = node.kind === 'model' ? { direct_parents: node.dependencies } : {}
      return jsonLine({ ...json, ...parents }, args.outputKeys)
    })
    process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  },
})

/** The keys that dbt prints when none are asked for, in the order of the manifest. */
const usualKeys = [
  ...['alias', 'name', 'package_name', 'depends_on', 'direct_parents', 'tags', 'config'],
  ...['resource_type', 'source_name', 'original_file_path', 'unique_id'],
]

type Json = Readonly<Record<string, unknown>>

function jsonLine(node: Json, asked: readonly string[] = []): string {
  const keys = asked.flatMap((text) => text.split(/[\s,]+/)).filter((key) => key !== '')
  const entries =
    keys.length === 0
      ? Object.entries(node).filter(([key]) => usualKeys.includes(key))
      : keys.flatMap((key) => valueAt(node, key))
  return JSON.stringify(Object.fromEntries(entries))
}

/** A nested key that is null or not there is left out, as dbt does; a plain one only when it is not there. */
function valueAt(node: Json, key: string): [string, unknown][] {
  const value = key.split('.').reduce<unknown>((inner, part) => {
    if (typeof inner !== 'object' || inner === null) return undefined
    return Object.entries(inner).find(([name]) => name === part)?.[1]
  }, node)
  const isAbsent = value === undefined || (value === null && key.includes('.'))
  return isAbsent ? [] : [[key, value]]
}
